// All tabs of a browser hear the same news: one of them tells it, and none what somebody has before their eyes.
(() => {
  "use strict";

  const deskbell = window.deskbell;
  const { locks } = navigator; // only on secure pages
  const HELD_MS = 1500;
  const STORED = "deskbell.told";

  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const eyesOn = (caseId) => `deskbell-eyes ${caseId}`;

  /** Where there are no locks, this is nearly as good. */
  function claimInStorage(key, ms) {
    const now = Date.now();
    const taken = JSON.parse(localStorage.getItem(STORED) || "{}");
    const isTaken = taken[key] > now;
    const valid = Object.entries({ [key]: now + ms, ...taken }).filter(([, until]) => until > now);
    localStorage.setItem(STORED, JSON.stringify(Object.fromEntries(valid)));
    return !isTaken;
  }

  /** Whether this tab is the one that tells it; for `ms` no other one is. */
  function claim(key, ms = HELD_MS) {
    if (!locks) return Promise.resolve(claimInStorage(key, ms));
    return new Promise((resolve) => {
      locks.request(`deskbell-told ${key}`, { ifAvailable: true }, (lock) => {
        resolve(Boolean(lock));
        return lock && pause(ms);
      });
    });
  }

  /** The case that somebody is looking at in this tab. */
  const watched = () =>
    document.hidden || !document.hasFocus() ? null : document.getElementById("conversation")?.dataset.case || null;

  let held = null; // { id, release }

  /** Lets the other tabs know, by a lock that ends with this tab. */
  function watch() {
    const id = watched();
    if (!locks || id === (held && held.id)) return;
    held?.release();
    held = null;
    if (!id) return;
    const end = new Promise((release) => (held = { id, release }));
    locks.request(eyesOn(id), { mode: "shared" }, () => end);
  }

  /** Whether a tab of this browser shows the case to somebody. */
  async function isWatched(caseId) {
    if (watched() === String(caseId)) return true;
    if (!locks) return false;
    return (await locks.query()).held.some(({ name }) => name === eyesOn(caseId));
  }

  deskbell.told = { claim, isWatched };

  for (const name of ["focus", "blur", "pageshow"]) window.addEventListener(name, watch);
  for (const name of ["visibilitychange", "htmx:after:swap", "htmx:finally:swap", "DOMContentLoaded"]) {
    document.addEventListener(name, watch);
  }
})();
