// Fetches what the page may have missed: after every (re)connect, when the server says so, when the list knows more.
(() => {
  "use strict";

  const deskbell = window.deskbell;
  const ANSWER_WITHIN_MS = 15000;

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

  /** The answer's text and headers; null when the desk refuses. Throws when it is worth another try. */
  async function ask(address) {
    const response = await deskbell.request(address, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    if (deskbell.mayPass(response.status)) throw new Error(`answer ${response.status}`);
    return response.ok ? { html: await response.text(), headers: response.headers } : null;
  }

  const fetchRows = persistently(async () => {
    if (!document.getElementById("chat-drawer")) return;
    const before = deskbell.chatList.revisions();
    const answer = await ask("/chats/rows");
    if (answer) await deskbell.chatList.merge(answer.html, before);
  });

  const listOfCases = (root) => root.querySelector("#main > .cases");

  /** All cases as this page of the list has them now. */
  const fetchCases = persistently(async () => {
    if (!listOfCases(document)) return;
    const answer = await ask(location.href);
    const cases = answer && listOfCases(new DOMParser().parseFromString(answer.html, "text/html"));
    const way = { sourceElement: document.body, target: "#main > .cases", swap: "outerMorph" };
    if (cases) await window.htmx.swap({ ...way, text: cases.outerHTML });
  });

  const openConversation = () => document.querySelector("#conversation[data-case]");
  const barOf = (root, caseId) => root.querySelector(`#chat-bar-${CSS.escape(caseId)}`);

  /** The case is not this agent's to see any more: it goes, and the page says so. */
  function takeAway(conversation) {
    const hadFocus = conversation.contains(document.activeElement);
    conversation.replaceChildren(document.getElementById("out-of-sight").content.cloneNode(true));
    delete conversation.dataset.case;
    delete conversation.dataset.rev;
    if (hadFocus) conversation.focus();
    history.replaceState(history.state, "", `/${document.body.dataset.section}`);
  }

  // #conversation[data-rev] is the revision up to which nothing is missing. The newest revision on the page would not
  // do: one's own reply comes back at once, also while the customer's words before it are lost on a broken link.
  const fetchThread = persistently(async () => {
    const conversation = openConversation();
    for (let isWhole = !conversation; !isWhole && conversation.isConnected; ) {
      const answer = await ask(`/chats/${conversation.dataset.case}/messages?after=${conversation.dataset.rev}`);
      if (!answer) return takeAway(conversation);
      await deskbell.apply(answer.html);
      conversation.dataset.rev = answer.headers.get("Deskbell-Rev");
      isWhole = !answer.headers.has("Deskbell-More");
    }
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
    fetchCases();
  });
  document.addEventListener("deskbell:listed", catchUpWithList);
})();
