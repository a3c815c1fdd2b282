// One event stream a page. What changed is announced as DOM events on <body>, for htmx triggers
// and for the map; whether we are connected is a state everybody can see.
import { syncFeed } from "./time.js";
import { say } from "./words.js";

const GATHER_MS = 350;
const RETRY_MS = [1000, 2000, 5000, 10000];

export function startLive() {
  const url = document.body.dataset.events;
  if (!url) return;
  let tries = 0;
  let lastId = "";
  let offlineTimer = 0;

  const state = (name) => {
    document.body.dataset.live = name;
    for (const label of document.querySelectorAll(".sz-conn")) {
      label.dataset.state = name;
      label.textContent = say(`conn_${name}`);
    }
  };
  const announce = (name, data) => {
    document.body.dispatchEvent(new CustomEvent(`sizao:${name}`, { detail: data }));
  };
  // Pages ask again for what they show, at most once in a while however much happens.
  const pending = new Set();
  let timer = 0;
  const changed = (name) => {
    pending.add(name);
    timer ||= setTimeout(() => {
      timer = 0;
      const names = [...pending];
      pending.clear();
      for (const one of names) announce(one, {});
    }, GATHER_MS);
  };

  const open = () => {
    state(tries ? "offline" : "connecting");
    // A new EventSource forgets its position, so it is handed on by hand.
    // In a storm hundreds of events come as one: see "flood" below.
    const source = new EventSource(lastId ? `${url}?gather=1&last=${encodeURIComponent(lastId)}` : `${url}?gather=1`);
    const receive = (event) => {
      if (event.lastEventId) lastId = event.lastEventId;
      let data = {};
      try {
        data = JSON.parse(event.data);
      } catch {
        return;
      }
      if (data.feed_now) syncFeed(data.feed_now);
      if (event.type === "message") return; // the greeting: feed time only
      if (event.type === "flood") return flooded(data);
      announce(event.type, data);
      if (event.type === "notice") return; // no list of cases shows it
      changed("changed");
      const id = event.type === "case" ? data.id : data.case;
      if (id) changed(`case-${id}`);
    };
    // One tone, one look at the lists, and the page of a case only if it is the one that is open.
    const flooded = (data) => {
      if (data.level) announce("warning", { level: data.level });
      for (const notice of data.notices) announce("notice", notice);
      changed("changed");
      const open = Number(document.body.dataset.case);
      if (open && data.cases.includes(open)) changed(`case-${open}`);
    };
    source.onopen = () => {
      clearTimeout(offlineTimer);
      const again = tries > 0;
      tries = 0;
      state("online");
      // What happened meanwhile may be older than the stream's memory: ask for everything once.
      if (again) {
        changed("changed");
        if (document.body.dataset.case) changed(`case-${document.body.dataset.case}`);
      }
    };
    source.onerror = () => {
      source.close();
      tries += 1;
      // One hiccup is not worth a word.
      offlineTimer = setTimeout(() => state("offline"), tries > 1 ? 0 : 1500);
      setTimeout(open, RETRY_MS[Math.min(tries - 1, RETRY_MS.length - 1)]);
    };
    for (const name of ["message", "warning", "case", "repeat", "control", "source", "notice", "storm", "flood"]) source.addEventListener(name, receive);
    addEventListener("pagehide", () => source.close(), { once: true });
  };
  open();
}
