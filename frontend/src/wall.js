// The wall turns its own pages. A page with nothing to say is left out by the server.
const SECONDS = 20;

export function startWall() {
  const stage = document.querySelector("[data-rotate]");
  if (!stage) return;
  const pages = [...stage.querySelectorAll(":scope > section")];
  const dots = [...document.querySelectorAll(".sz-wall-dots i")];
  let at = 0;
  const show = (index) => {
    at = index % pages.length;
    pages.forEach((page, number) => page.classList.toggle("sz-on", number === at));
    dots.forEach((dot, number) => dot.classList.toggle("sz-on", number === at));
  };
  show(0);
  if (pages.length > 1) setInterval(() => show(at + 1), SECONDS * 1000);
  addEventListener("keydown", (event) => {
    if (event.key === "ArrowRight") show(at + 1);
  });
}
