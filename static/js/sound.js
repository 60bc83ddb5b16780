// Rings for what is news, shows it on the desktop and says it to screen readers: a chat that became New, a customer's
// reply in Mine, a chat that was given, a note that calls the agent. Never for what was there before, once for each.
(() => {
  "use strict";

  const deskbell = window.deskbell;
  const RINGS_FOR_MS = 1000;
  const GIVEN_WITHIN_MS = 2500; // the desk gives chats of some groups to agents: the others need not hear of them
  const MOST_AT_ONCE = 3; // who comes back to a long list needs no page of notifications
  // A chat that was given appears with a reply: that is one piece of news.
  const SUBJECTS = { new: "new", reply: "mine", given: "mine", mention: "mention" };

  let waitsForGesture = false;
  let known = null; // row id → what it was when last seen; null until the list was seen once

  const volume = () => Number(document.body.dataset.volume) / 100;
  const wants = (occasion, way) => (document.body.dataset.alerts || "").split(" ").includes(`${occasion}-${way}`);

  const seen = (row) => ({
    id: row.dataset.case,
    name: row.querySelector(".row-name").textContent,
    words: row.querySelector(".row-words").textContent.trim(),
    section: deskbell.chatList.sectionOf(row),
    unread: Number(row.dataset.unread),
    author: row.dataset.lastAuthor,
    isGivenAway: "givenAway" in row.dataset,
    isBeforeEyes: deskbell.chatList.isOpen(row) && !document.hidden && document.hasFocus(),
  });

  function isNews(now, before) {
    if (now.isBeforeEyes) return false;
    if (now.section === "new") return !before || before.section !== "new";
    const hadUnread = before ? before.unread : 0;
    return now.section === "mine" && now.author === "customer" && now.unread > hadUnread;
  }

  const occasionOf = ({ section }) => (section === "new" ? "new" : "reply");
  const inWords = ({ occasion, name }) =>
    deskbell.text({ new: "new-chat", reply: "new-reply" }[occasion] || occasion, { name });

  function play() {
    const sound = new Audio(document.body.dataset.sound);
    sound.volume = volume();
    return sound.play();
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

  /** Rings unless another tab does so at this moment. */
  async function ring() {
    if (!volume() || !(await deskbell.told.claim("bell", RINGS_FOR_MS))) return;
    await play().catch(playAtFirstGesture);
  }

  async function tell(news) {
    const { id, occasion } = news;
    if (await deskbell.told.isWatched(id)) return;
    if (!(await deskbell.told.claim(`${SUBJECTS[occasion]} ${id}`))) return;
    if (wants(occasion, "sound")) ring();
    if (wants(occasion, "desktop")) deskbell.desktop.show(news);
  }

  function announce(news) {
    if (!news.length) return;
    deskbell.announce(news.map(inWords).join(" "));
    if (deskbell.sound.isOnDuty()) news.slice(0, MOST_AT_ONCE).forEach(tell);
  }

  const isStillNew = ({ id }) => known.get(`chat-row-${id}`)?.section === "new";

  deskbell.sound = {
    play,
    ring,
    /** Whether the agent's status lets them take and answer chats. */
    isOnDuty: () => document.getElementById("own-status")?.dataset.chats === "handle",
  };

  document.addEventListener("deskbell:listed", () => {
    const now = new Map(deskbell.chatList.rows().map((row) => [row.id, seen(row)]));
    const before = known;
    known = now;
    const rows = before ? [...now].filter(([id, row]) => isNews(row, before.get(id))) : [];
    if (!rows.length) return;
    const news = rows.map(([, row]) => ({ ...row, occasion: occasionOf(row), url: `/chats/${row.id}` }));
    const isHeld = (each) => each.section === "new" && each.isGivenAway;
    announce(news.filter((each) => !isHeld(each)));
    const held = news.filter(isHeld);
    if (held.length) setTimeout(() => announce(held.filter(isStillNew)), GIVEN_WITHIN_MS);
  });

  // What the server tells this agent alone.
  document.addEventListener("deskbell:alert", ({ detail }) => {
    const { case: id, occasion, name, words, active } = detail;
    const news = { id: String(id), occasion, name, words, url: `/${active ? "chats" : "cases"}/${id}` };
    deskbell.announce(inWords(news));
    tell(news);
  });
})();
