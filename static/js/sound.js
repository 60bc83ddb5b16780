// Rings for what is news and says it to screen readers: a chat that became New, a customer's reply in Mine. Never for
// what was there before, and once for each.
(() => {
  "use strict";

  const deskbell = window.deskbell;
  const RINGS_FOR_MS = 1000;

  let waitsForGesture = false;
  let known = null; // row id → what it was when last seen; null until the list was seen once

  const seen = (row) => ({
    name: row.querySelector(".row-name").textContent,
    section: deskbell.chatList.sectionOf(row),
    unread: Number(row.dataset.unread),
    author: row.dataset.lastAuthor,
    isBeforeEyes: deskbell.chatList.isOpen(row) && !document.hidden,
  });

  function isNews(now, before) {
    if (now.isBeforeEyes) return false;
    if (now.section === "new") return !before || before.section !== "new";
    const hadUnread = before ? before.unread : 0;
    return now.section === "mine" && now.author === "customer" && now.unread > hadUnread;
  }

  const inWords = ({ section, name }) => deskbell.text(section === "new" ? "new-chat" : "new-reply", { name });

  function play() {
    return new Audio(document.body.dataset.sound).play();
  }

  /** Browsers let a page make sounds only after somebody has touched it. */
  function playAtFirstGesture() {
    if (waitsForGesture) return;
    waitsForGesture = true;
    const once = () => {
      waitsForGesture = false;
      document.removeEventListener("pointerdown", once);
      document.removeEventListener("keydown", once);
      play().catch(() => {}); // no sound device
    };
    document.addEventListener("pointerdown", once);
    document.addEventListener("keydown", once);
  }

  async function ring() {
    await play().catch(playAtFirstGesture);
    await new Promise((resolve) => setTimeout(resolve, RINGS_FOR_MS));
  }

  /** Several open tabs hear the same news; one of them rings. */
  function ringOnce() {
    if (!document.body.dataset.sound) return;
    if (!navigator.locks) ring();
    else navigator.locks.request("deskbell-bell", { ifAvailable: true }, (lock) => lock && ring());
  }

  document.addEventListener("deskbell:listed", () => {
    const now = new Map(deskbell.chatList.rows().map((row) => [row.id, seen(row)]));
    const before = known;
    known = now;
    const news = before ? [...now].filter(([id, row]) => isNews(row, before.get(id))) : [];
    if (!news.length) return;
    ringOnce();
    deskbell.announce(news.map(([, row]) => inWords(row)).join(" "));
  });
})();
