// Fetches what the page may have missed: after every (re)connect, when the server says so, when the list knows more.
(() => {
  "use strict";

  const deskbell = window.deskbell;

  /** Runs `work` until it succeeds; calls that come meanwhile are one further run. */
  function persistently(work) {
    let isRunning = false;
    let isWanted = false;
    return async () => {
      isWanted = true;
      if (isRunning) return;
      isRunning = true;
      for (let failures = 0; isWanted && !deskbell.signedOut; ) {
        isWanted = false;
        try {
          await work();
          failures = 0;
        } catch (error) {
          isWanted = true;
          await deskbell.pause(failures++);
        }
      }
      isRunning = false;
    };
  }

  async function fetchHtml(address) {
    const response = await deskbell.request(address);
    if (deskbell.mayPass(response.status)) throw new Error(`answer ${response.status}`);
    return response.ok ? response.text() : null;
  }

  const fetchRows = persistently(async () => {
    if (!document.getElementById("chat-drawer")) return;
    const before = deskbell.chatList.revisions();
    const html = await fetchHtml("/chats/rows");
    if (html !== null) await deskbell.chatList.merge(html, before);
  });

  const openConversation = () => document.querySelector("#conversation[data-case]");
  const barOf = (root, caseId) => root.querySelector(`#chat-bar-${CSS.escape(caseId)}`);

  // #conversation[data-rev] is the revision up to which nothing is missing. The newest revision on the page would not
  // do: one's own reply comes back at once, also while the customer's words before it are lost on a broken link.
  const fetchThread = persistently(async () => {
    const conversation = openConversation();
    if (!conversation) return;
    const caseId = conversation.dataset.case;
    const html = await fetchHtml(`/chats/${caseId}/messages?after=${conversation.dataset.rev}`);
    if (html === null) return;
    await deskbell.apply(html);
    const bar = barOf(new DOMParser().parseFromString(html, "text/html"), caseId);
    if (bar) conversation.dataset.rev = bar.dataset.rev;
  });

  let lastAsked = "";

  /** What the list knows of a chat; that an active one is missing there is news, too. */
  function revisionInList(caseId, bar) {
    const row = document.getElementById(`chat-row-${caseId}`);
    if (row) return Number(row.dataset.rev);
    return bar.dataset.active === "1" ? Infinity : 0;
  }

  function catchUpWithList() {
    const conversation = openConversation();
    if (!conversation) return;
    const caseId = conversation.dataset.case;
    const bar = barOf(conversation, caseId);
    if (!bar || Number(bar.dataset.rev) >= revisionInList(caseId, bar)) return;
    const question = `${caseId} ${revisionInList(caseId, bar)}`;
    if (question === lastAsked) return;
    lastAsked = question;
    fetchThread();
  }

  document.addEventListener("deskbell:resync", () => {
    fetchRows();
    fetchThread();
  });
  document.addEventListener("deskbell:listed", catchUpWithList);
})();
