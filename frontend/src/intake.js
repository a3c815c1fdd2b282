// The intake of calls: Enter goes to the next question, Ctrl+Enter takes the call, Alt+1 to Alt+5
// join the call beside it, a digit chooses the kind while nothing is being typed.
const fields = (form) =>
  [...form.querySelectorAll("input:not([type=hidden]), select, textarea")].filter((one) => one.offsetParent !== null && (one.type !== "radio" || one.checked));

function next(form, from) {
  const all = fields(form);
  (all[all.indexOf(from) + 1] ?? form.querySelector("[data-intake-save]")).focus();
}

export function startIntake() {
  const form = document.querySelector("[data-intake]");
  if (!form) return;
  // A call is taken once, however often the keys are hit.
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
  addEventListener("pageshow", () => delete form.dataset.sent);
  form.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const target = event.target;
    if (event.key === "Enter" && event.ctrlKey) {
      event.preventDefault();
      form.querySelector("[data-intake-save]").click();
    } else if (event.key === "Enter" && target.matches("input, select")) {
      event.preventDefault();
      next(form, target);
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.altKey && /^[1-5]$/.test(event.key)) {
      event.preventDefault();
      form.querySelector(`[data-alt="${event.key}"]`)?.click();
      return;
    }
    const typing = event.target.closest?.("input:not([type=radio], [type=checkbox]), textarea, select");
    if (event.ctrlKey || event.altKey || event.metaKey || typing) return;
    const choice = form.querySelector(`[data-choice="${CSS.escape(event.key)}"]`);
    if (!choice) return;
    event.preventDefault();
    choice.checked = true;
    choice.focus();
    choice.dispatchEvent(new Event("change", { bubbles: true }));
  });
}
