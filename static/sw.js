// The service worker: shows what is pushed while no page is open, and leads to the chat. It keeps no pages.
"use strict";

const read = (data) => {
  try {
    return data.json();
  } catch {
    return {};
  }
};

const ICON = "/static/icon-192.png"; // desktops want pixels

async function show({ title = "Deskbell", body = "", tag = "deskbell", url = "/chats", test = false }) {
  await self.registration.showNotification(title, { body, tag, icon: ICON, renotify: true, data: { url } });
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  if (test) pages.forEach((page) => page.postMessage({ pushed: tag }));
}

/** The tab that shows it already, else one with chats, else any of ours. */
function choose(pages, url) {
  const pathOf = (page) => new URL(page.url).pathname;
  return (
    pages.find((page) => pathOf(page) === url) || pages.find((page) => pathOf(page).startsWith("/chats")) || pages[0]
  );
}

async function open(url) {
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const page = choose(pages, url);
  if (!page) return self.clients.openWindow(url);
  if (new URL(page.url).pathname !== url) page.postMessage({ open: url });
  return page.focus();
}

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("push", (event) => event.waitUntil(show(read(event.data))));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data?.url || "/chats"));
});
// The address that the desk knows is void: with a new one the next page can tell it.
self.addEventListener("pushsubscriptionchange", (event) => {
  const options = event.oldSubscription?.options;
  if (options && !event.newSubscription) event.waitUntil(self.registration.pushManager.subscribe(options));
});
