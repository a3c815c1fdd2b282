// The page where anybody reports: where the phone is, photos made small before they are sent.
const LONG_EDGE = 1920;

/** Put a place into the form, tell the map, and say it in words. */
export function setPlace(form, lat, lon, said) {
  form.elements.lat.value = lat.toFixed(6);
  form.elements.lon.value = lon.toFixed(6);
  form.dispatchEvent(new CustomEvent("sizao:place", { detail: { lat, lon } }));
  const note = form.querySelector("[data-place-said]");
  if (note) note.textContent = said;
}

function locate(form, button) {
  const note = form.querySelector("[data-place-said]");
  const denied = () => {
    button.disabled = false;
    note.textContent = button.dataset.denied;
  };
  if (!navigator.geolocation) return denied();
  button.disabled = true;
  note.textContent = button.dataset.busy;
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      button.disabled = false;
      const chosen = form.querySelector("[data-place-picker]")?.dataset.chosen ?? "";
      setPlace(form, coords.latitude, coords.longitude, `${chosen} ±${Math.round(coords.accuracy)} m`);
    },
    denied,
    { enableHighAccuracy: true, timeout: 15000, maximumAge: 30000 },
  );
}

/** A copy with a long edge of at most LONG_EDGE as JPEG; the file itself where that fails. */
async function smaller(file) {
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const share = Math.min(1, LONG_EDGE / Math.max(picture.width, picture.height));
    if (share === 1 && file.size < 1_500_000) return file;
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * share);
    canvas.height = Math.round(picture.height * share);
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
    return blob && blob.size < file.size ? new File([blob], "photo.jpg", { type: "image/jpeg" }) : file;
  } catch {
    return file;
  }
}

async function choose(form, input) {
  const box = form.querySelector("[data-previews]");
  const send = form.querySelector(".sz-report-send button");
  send.disabled = true;
  const files = await Promise.all([...input.files].slice(0, Number(input.dataset.photos)).map(smaller));
  const list = new DataTransfer();
  for (const file of files) list.items.add(file);
  input.files = list.files;
  for (const old of box.querySelectorAll("img")) URL.revokeObjectURL(old.src);
  box.replaceChildren(
    ...files.map((file) => {
      const image = document.createElement("img");
      image.src = URL.createObjectURL(file);
      image.alt = file.name;
      return image;
    }),
  );
  send.disabled = false;
}

export function startReportForm() {
  const form = document.querySelector("[data-report-form]");
  if (!form) return;
  const button = form.querySelector("[data-locate]");
  button.addEventListener("click", () => locate(form, button));
  const input = form.querySelector("[data-photos]");
  input.addEventListener("change", () => choose(form, input));
}
