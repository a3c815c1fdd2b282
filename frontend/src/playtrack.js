// A track as columns {t, lat, lon, speed, limit, heading}: where was it at a moment, where is it silent?

/** The last index whose time is not after `t`, -1 before the first. */
export function indexAt(times, t) {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= t) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Where and how fast at `t`; `known` is false in a gap, before the first point and after the last. */
export function stateAt(track, t, gap) {
  const at = indexAt(track.t, t);
  if (at < 0) return null;
  const next = at + 1;
  const here = { lat: track.lat[at], lon: track.lon[at], speed: track.speed[at], limit: track.limit[at], known: t - track.t[at] < 1 };
  if (next >= track.t.length || track.t[next] - track.t[at] > gap) return here;
  if (here.lat === null || track.lat[next] === null) return { ...here, known: true };
  const share = (t - track.t[at]) / Math.max(track.t[next] - track.t[at], 1e-9);
  const between = (a, b) => a + (b - a) * share;
  return { ...here, lat: between(here.lat, track.lat[next]), lon: between(here.lon, track.lon[next]), known: true };
}

/** The stretch of [from, to] of which anything is known, with a margin; null if nothing is. */
export function knownSpan(tracks, marks, from, to) {
  let first = Infinity;
  let last = -Infinity;
  for (const { t } of tracks) {
    if (!t.length) continue;
    first = Math.min(first, t[0]);
    last = Math.max(last, t.at(-1));
  }
  if (first > last) return null;
  for (const mark of marks) {
    first = Math.min(first, Math.max(mark.from, from));
    last = Math.max(last, Math.min(mark.to, to));
  }
  const margin = Math.max((last - first) * 0.02, 60);
  return [Math.max(from, first - margin), Math.min(to, last + margin)];
}

/** The moment of the next position after `t` (`way` 1) or the one before (-1), null if none. */
export function neighbour(times, t, way) {
  const at = indexAt(times, t);
  if (way > 0) return times[at + 1] ?? null;
  return times[at] < t - 1e-6 ? times[at] : (times[at - 1] ?? null);
}

/** Spans [from, to] between two points that lie more than `gap` seconds apart. */
export function gapsOf(track, gap) {
  const gaps = [];
  for (let at = 1; at < track.t.length; at += 1) if (track.t[at] - track.t[at - 1] > gap) gaps.push([track.t[at - 1], track.t[at]]);
  return gaps;
}
