// The service worker of /field/: the page opens without a network, from what was kept.
//
// The network first, always: a kept answer is only for when there is none, and says so. Actions are
// never answered from here; the page keeps them itself until the server has them.
const CACHE = "sizao-field-1";
const PAGE = "/field/";
const KEPT_HEADER = "X-Sizao-Kept";

self.addEventListener("install", (event) => event.waitUntil(self.skipWaiting()));
self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) if (name.startsWith("sizao-field-") && name !== CACHE) await caches.delete(name);
      await self.clients.claim();
      await put(PAGE);
    })(),
  );
});

/** The page says which of our files it needed: keep them, then answer. */
self.addEventListener("message", (event) => {
  const files = event.data?.keep ?? [];
  event.waitUntil(Promise.all([PAGE, "/field/tasks.json", ...files].map(put)).then(() => event.ports[0]?.postMessage("kept")));
});

async function put(address) {
  const answer = await fetch(address, { redirect: "manual" }).catch(() => null);
  if (answer?.ok) await (await caches.open(CACHE)).put(address, answer);
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  const ours = origin === self.location.origin && (pathname === PAGE || pathname === "/field/tasks.json" || pathname.startsWith("/static/"));
  if (request.method === "GET" && ours) event.respondWith(fresh(request, pathname));
});

async function fresh(request, pathname) {
  try {
    const answer = await fetch(request);
    if (answer.ok) {
      const cache = await caches.open(CACHE);
      await cache.put(pathname === PAGE ? PAGE : request, answer.clone());
    } else if (answer.type === "opaqueredirect" && pathname === PAGE) {
      // Signed out: what was kept belonged to somebody who may not be here any more.
      await caches.delete(CACHE);
    }
    return answer;
  } catch (error) {
    const kept = await caches.match(pathname === PAGE ? PAGE : request, { ignoreVary: true });
    if (!kept) throw error;
    const headers = new Headers(kept.headers);
    headers.set(KEPT_HEADER, "yes");
    return new Response(kept.body, { status: kept.status, headers });
  }
}
