// Who else has the open case before their eyes: told to the desk while this page can be seen, shown in the head.
(() => {
  "use strict";

  const deskbell = window.deskbell;
  const BEAT_MS = 15000;
  const LASTS_MS = 40000;
  const WRITING_LASTS_MS = 6000;

  const tab = deskbell.newId();
  const others = new Map(); // agent → { name, until, writingUntil }, of the open case alone
  let told = ""; // the case of which the desk knows that we look at it
  let beats = 0;

  const openCase = () => document.querySelector("#conversation[data-case]")?.dataset.case || "";

  function formOf(doing) {
    const form = new FormData();
    form.append("doing", doing);
    form.append("tab", tab);
    return form;
  }

  function note({ agent, name, doing }) {
    if (String(agent) === document.body.dataset.agent) return;
    if (doing === "gone") {
      others.delete(agent);
      return;
    }
    const now = Date.now();
    const writingUntil = doing === "writing" ? now + WRITING_LASTS_MS : 0;
    others.set(agent, { name, until: now + LASTS_MS, writingUntil });
  }

  /** Those who write come first. */
  function present() {
    const now = Date.now();
    for (const [agent, { until }] of others) if (until < now) others.delete(agent);
    return [...others.values()].sort((one, two) => two.writingUntil - one.writingUntil);
  }

  function chip({ name, writingUntil }, { textViewing, textWriting }) {
    const isWriting = writingUntil > Date.now();
    const one = document.createElement("span");
    const initials = document.createElement("span");
    const words = document.createElement("span");
    one.className = "here-one";
    one.toggleAttribute("data-writing", isWriting);
    initials.className = "avatar avatar-small";
    initials.setAttribute("aria-hidden", "true");
    initials.textContent = name.split(/\s+/, 2).map((word) => [...word][0] || "").join("").toUpperCase();
    words.className = "here-words";
    words.textContent = deskbell.fill(isWriting ? textWriting : textViewing, { name });
    one.title = words.textContent;
    one.append(initials, words);
    return one;
  }

  function show() {
    const place = document.querySelector("#conversation .here");
    if (!place) return;
    const chips = present().map((one) => chip(one, place.dataset));
    const isSame = place.textContent === chips.map((one) => one.textContent).join("");
    place.hidden = !chips.length;
    if (!isSame) place.replaceChildren(...chips);
  }

  async function tell(doing) {
    const caseId = openCase();
    if (!caseId || document.hidden || deskbell.signedOut) return;
    told = caseId;
    try {
      const response = await deskbell.post(`/chats/${caseId}/here`, formOf(doing));
      if (!response.ok || caseId !== openCase()) return;
      (await response.json()).forEach(note);
      show();
    } catch (error) {
      // Not worth a word: the next beat tells it.
    }
  }

  /** Says good-bye, also while the page is going away. */
  function leave() {
    if (!told) return;
    const form = formOf("gone");
    form.append("csrf_token", document.querySelector('meta[name="csrf-token"]').content);
    navigator.sendBeacon(`/chats/${told}/here`, form);
    told = "";
  }

  function arrive() {
    if (openCase() === told) return;
    leave();
    others.clear();
    show();
    tell("viewing");
  }

  deskbell.here = { writing: () => tell("writing") };

  document.addEventListener("deskbell:here", ({ detail }) => {
    if (String(detail.case) !== openCase()) return;
    note(detail);
    show();
  });
  document.addEventListener("deskbell:typing", ({ detail }) => {
    if (detail.author !== "agent" || String(detail.case) !== openCase()) return;
    note({ ...detail, doing: "writing" });
    show();
  });
  document.addEventListener("deskbell:tick", () => {
    beats += 1;
    if (beats % (BEAT_MS / 1000) === 0) tell("viewing");
    show();
  });
  document.addEventListener("deskbell:opened", arrive);
  document.addEventListener("visibilitychange", () => (document.hidden ? leave() : arrive()));
  window.addEventListener("pagehide", leave);
})();
