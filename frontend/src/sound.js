// One short tone a level, with a volume, and a mute that says until when.
import { span } from "./time.js";
import { say } from "./words.js";

// Frequencies in hertz; a worse level is higher and repeats. A project choice.
const TONES = { blue: [440], yellow: [554], orange: [659, 659], red: [880, 880, 880] };
const STEP_S = 0.18;
// In a flood a tone a warning would be noise: within this time only a worse level sounds again.
const PAUSE_MS = 2000;
const ORDER = ["blue", "yellow", "orange", "red"];
let context = null;
let last = { at: 0, level: "" };

const read = (key, fallback) => Number(localStorage.getItem(key) ?? fallback);
const mutedUntil = () => read("sz-mute-until", 0);
const volume = () => read("sz-volume", 0.4);
export const muted = () => mutedUntil() > Date.now();

/** Sound a level's tone unless muted. Browsers keep silent until the first click or key. */
export function tone(level) {
  if (muted() || volume() === 0 || !TONES[level]) return;
  const now = Date.now();
  if (now - last.at < PAUSE_MS && ORDER.indexOf(level) <= ORDER.indexOf(last.level)) return;
  last = { at: now, level };
  // Asking earlier only fills the console with the browser's refusals.
  if (navigator.userActivation && !navigator.userActivation.hasBeenActive) return;
  context ??= new AudioContext();
  if (context.state === "suspended") context.resume();
  TONES[level].forEach((frequency, index) => {
    const start = context.currentTime + index * STEP_S;
    const gain = context.createGain();
    const oscillator = context.createOscillator();
    oscillator.frequency.value = frequency;
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(volume() * 0.3, start + 0.01);
    gain.gain.exponentialRampToValueAtTime(0.0001, start + STEP_S * 0.85);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(start);
    oscillator.stop(start + STEP_S);
  });
}

function show() {
  const quiet = muted();
  for (const label of document.querySelectorAll("[data-sound-label]")) {
    label.textContent = quiet ? say("muted_left", { left: span((mutedUntil() - Date.now()) / 1000) }) : "";
  }
  for (const icon of document.querySelectorAll("[data-sound-on]")) icon.hidden = quiet;
  for (const icon of document.querySelectorAll("[data-sound-off]")) icon.hidden = !quiet;
}

export function startSound() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-mute-minutes]");
    if (!button) return;
    localStorage.setItem("sz-mute-until", String(Date.now() + Number(button.dataset.muteMinutes) * 60000));
    if (!muted()) tone("blue");
    show();
  });
  for (const slider of document.querySelectorAll("[data-volume]")) {
    slider.value = String(volume() * 100);
    slider.addEventListener("change", () => {
      localStorage.setItem("sz-volume", String(slider.value / 100));
      tone("yellow");
    });
  }
  document.body.addEventListener("sizao:warning", (event) => tone(event.detail?.level));
  show();
  setInterval(show, 1000);
}
