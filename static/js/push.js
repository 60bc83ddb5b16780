// Notifications on the desktop, and the browser's subscription to Web Push: both go through the service worker.
(() => {
  "use strict";

  const deskbell = window.deskbell;
  const OWNER = "deskbell.push.agent"; // whose pushes this browser takes
  const TOLD_AT = "deskbell.push.told";
  const TELL_AGAIN_MS = 10 * 60 * 1000;
  const ICON = "/static/icon-192.png"; // desktops want pixels
  const ADDRESS = "/profile/notifications/browser";

  const shown = new Map(); // case id → { occasion, at }, of what this tab has put on the desktop and when

  const agent = () => document.body.dataset.agent;
  const isPossible = () => window.isSecureContext && "Notification" in window && "serviceWorker" in navigator;
  const isAllowed = () => isPossible() && Notification.permission === "granted";
  const isOurs = () => localStorage.getItem(OWNER) === agent();

  async function worker() {
    await navigator.serviceWorker.register("/sw.js");
    return navigator.serviceWorker.ready;
  }

  async function put(title, { body, tag, url, at = Date.now() }) {
    if (!isAllowed()) return false;
    const registration = await worker();
    await registration.showNotification(title, { body, tag, icon: ICON, renotify: true, data: { url, at } });
    return true;
  }

  async function show({ id, occasion, name, words, url }) {
    const body = document.body.dataset.words === "1" ? [name, words].filter(Boolean).join(": ") : "";
    const title = document.body.getAttribute(`data-title-${occasion}`);
    const at = Date.now();
    if (!(await put(title, { body, tag: `chat-${id}`, url, at }))) return;
    shown.set(id, { occasion, at });
    takeBackOldNews(); // that took a moment, in which somebody may have been quicker
  }

  /** Finding it takes a moment, in which later news may have come in its place: that stays. */
  async function takeBack(id, at) {
    shown.delete(id);
    const registration = await worker();
    const standing = await registration.getNotifications({ tag: `chat-${id}` });
    standing.filter(({ data }) => !(data?.at > at)).forEach((notification) => notification.close());
  }

  /** What somebody has taken or is reading is no news any more. */
  function takeBackOldNews() {
    for (const [id, { occasion, at }] of shown) {
      const row = document.getElementById(`chat-row-${id}`);
      const isTaken = !row || (occasion === "new" && deskbell.chatList.sectionOf(row) !== "new");
      if (occasion !== "mention" && (isTaken || Number(row.dataset.unread) === 0)) takeBack(id, at);
    }
  }

  const keyBytes = (text) => {
    const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
  };

  /** The desk's key may be another one than the browser subscribed with: a desk that began anew. */
  async function obtain(registration, key) {
    const options = { userVisibleOnly: true, applicationServerKey: keyBytes(key) };
    try {
      return await registration.pushManager.subscribe(options);
    } catch (error) {
      const old = await registration.pushManager.getSubscription();
      if (!old) throw error;
      await old.unsubscribe();
      return registration.pushManager.subscribe(options);
    }
  }

  function form(subscription) {
    const { endpoint, keys = {} } = subscription.toJSON();
    const body = new FormData();
    for (const [name, value] of Object.entries({ endpoint, ...keys })) body.set(name, value);
    return body;
  }

  async function tellDesk(subscription) {
    const response = await deskbell.post(ADDRESS, form(subscription));
    if (!response.ok) throw new Error(deskbell.sentence(await response.text()));
    localStorage.setItem(OWNER, agent());
    localStorage.setItem(TOLD_AT, String(Date.now()));
  }

  async function current() {
    if (!isAllowed() || !("PushManager" in window) || !isOurs()) return null;
    return (await worker()).pushManager.getSubscription();
  }

  /** A browser changes its address now and then, and a new sign-in has to be told it. */
  async function keepUp() {
    if (Date.now() - Number(localStorage.getItem(TOLD_AT)) < TELL_AGAIN_MS) return;
    const subscription = await current();
    if (subscription) await tellDesk(subscription);
  }

  deskbell.desktop = { isPossible, isAllowed, show, put };
  deskbell.push = {
    isPossible: () => isPossible() && "PushManager" in window,
    current,
    form,
    switchOn: async (key) => tellDesk(await obtain(await worker(), key)),
    switchOff: async () => {
      const subscription = await current();
      localStorage.removeItem(OWNER);
      if (!subscription) return;
      await deskbell.post(`${ADDRESS}/off`, form(subscription));
      await subscription.unsubscribe();
    },
  };

  /** A click on a notification has led to this tab. */
  function open(address) {
    const row = document.querySelector(`#chat-sections .chat-row a[href="${CSS.escape(address)}"]`);
    if (row) row.click();
    else location.assign(address);
  }

  document.addEventListener("deskbell:listed", takeBackOldNews);
  navigator.serviceWorker?.addEventListener("message", ({ data }) => data.open && open(data.open));
  // Whoever signs in next in this browser tells the desk anew.
  document.addEventListener("submit", (event) => {
    if (event.target.getAttribute("action") === "/logout") localStorage.removeItem(TOLD_AT);
  });
  document.addEventListener("DOMContentLoaded", () => {
    if (isAllowed()) worker().then(keepUp).catch(() => {}); // the next page tries again
  });
})();
