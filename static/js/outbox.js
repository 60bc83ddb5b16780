// What was written and has not reached the server yet: sent in order, one at a time per case, again and again
// under the same id until it is answered. Texts survive a reload, files do not.
(() => {
  "use strict";

  const deskbell = window.deskbell;
  const KEY = `deskbell.outbox.${document.body.dataset.agent}`;
  const TEXT_TIMEOUT_MS = 20000;
  const FILES_TIMEOUT_MS = 300000;

  /** { id, caseId, text, isNote, writtenAt, state: "sending" | "failed", reason, files, hasFiles } */
  let entries = load();
  const busy = new Set(); // cases with a request under way

  function load() {
    return JSON.parse(sessionStorage.getItem(KEY) || "[]").map((entry) => {
      const isWhole = !entry.hasFiles;
      return { ...entry, files: [], ...(isWhole ? {} : { state: "failed", reason: deskbell.text("files-lost") }) };
    });
  }

  function changed() {
    sessionStorage.setItem(KEY, JSON.stringify(entries.map((entry) => ({ ...entry, files: [] }))));
    document.dispatchEvent(new CustomEvent("deskbell:outbox"));
  }

  const find = (id) => entries.find((entry) => entry.id === id);
  const nextOf = (caseId) => entries.find((entry) => entry.caseId === caseId && entry.state === "sending");

  function remove(entry) {
    entries = entries.filter((other) => other !== entry);
    changed();
  }

  function fail(entry, reason) {
    entry.state = "failed";
    entry.reason = reason;
    changed();
    deskbell.announce(reason);
  }

  function giveBack(entry, reason) {
    remove(entry);
    deskbell.drafts.giveBack(entry.caseId, entry.text, reason, Boolean(entry.isNote));
    deskbell.attachments.put(entry.caseId, entry.files);
  }

  async function post(entry) {
    const body = new FormData();
    body.append("text", entry.text);
    body.append("client_id", entry.id);
    for (const file of entry.files) body.append("files", file);
    const timeout = AbortSignal.timeout(entry.files.length ? FILES_TIMEOUT_MS : TEXT_TIMEOUT_MS);
    const response = await deskbell.post(`/chats/${entry.caseId}/${entry.isNote ? "note" : "reply"}`, body, timeout);
    return { response, answer: await response.text() };
  }

  async function settle(entry, response, answer) {
    if (response.status === 409) giveBack(entry, deskbell.sentence(answer));
    else if (!response.ok || !answer.includes(entry.id)) fail(entry, deskbell.sentence(answer));
    else {
      await deskbell.apply(answer);
      remove(entry);
    }
  }

  /** One attempt; tells how many milliseconds the next must wait, or nothing if there need be none. */
  async function attempt(entry) {
    let sent;
    try {
      sent = await post(entry);
    } catch (error) {
      return 0;
    }
    if (deskbell.mayPass(sent.response.status)) return 1000 * Number(sent.response.headers.get("Retry-After")) || 0;
    await settle(entry, sent.response, sent.answer);
    return undefined;
  }

  async function drain(caseId) {
    if (busy.has(caseId)) return;
    busy.add(caseId);
    let failures = 0;
    for (let entry = nextOf(caseId); entry && !deskbell.signedOut; entry = nextOf(caseId)) {
      const wait = await attempt(entry);
      if (wait === undefined) failures = 0;
      else await deskbell.pause(failures++, wait);
    }
    busy.delete(caseId);
  }

  deskbell.outbox = {
    of: (caseId) => entries.filter((entry) => entry.caseId === caseId),
    add(caseId, text, files, isNote) {
      const writtenAt = new Date(deskbell.now()).toISOString();
      const fixed = { state: "sending", reason: "", hasFiles: files.length > 0 };
      entries.push({ id: deskbell.newId(), caseId, text, files, isNote, writtenAt, ...fixed });
      changed();
      drain(caseId);
    },
    again(id) {
      const entry = find(id);
      entry.state = "sending";
      changed();
      drain(entry.caseId);
    },
    /** Back into the reply box, to change it. */
    edit(id) {
      giveBack(find(id), "");
    },
  };

  document.addEventListener("DOMContentLoaded", () => new Set(entries.map((entry) => entry.caseId)).forEach(drain));
  window.addEventListener("beforeunload", (event) => {
    if (entries.some((entry) => entry.state === "sending") && !deskbell.signedOut) event.preventDefault();
  });
})();
