// The swap rules: whatever arrives late or twice, the page never goes back to something older.
(() => {
  "use strict";

  const buried = new Map(); // case → the revision at which its chat left the list

  const revision = (element) => Number(element.dataset.rev);
  const targetOf = (task) => (typeof task.target === "string" ? document.querySelector(task.target) : task.target);
  const isBurial = (task) => targetOf(task)?.id === "chat-tombstones";

  /** Reads the tombstones of one swap. */
  function endings(tasks) {
    const marks = tasks.flatMap((task) => [...task.fragment.querySelectorAll("[data-case][data-rev]")]);
    return new Map(marks.map((mark) => [mark.dataset.case, revision(mark)]));
  }

  function bury(ends) {
    for (const [id, rev] of ends) buried.set(id, Math.max(rev, buried.get(id) || 0));
  }

  function isBuried(element) {
    return element.classList.contains("chat-row") && revision(element) < (buried.get(element.dataset.case) || 0);
  }

  function isStale(element) {
    if (isBuried(element)) return true;
    const present = document.getElementById(element.id);
    if (!present || !present.dataset.rev || present.dataset.case !== element.dataset.case) return false;
    // An unchanged message stays as it is: replacing it would read it out again.
    const isMessage = element.classList.contains("message");
    return isMessage ? revision(element) <= revision(present) : revision(element) < revision(present);
  }

  /** Whether a message stands before the part of the thread that is shown: "Show earlier" brings it without a hole. */
  function isEarlier(element, thread) {
    if (!element.classList.contains("message") || !document.querySelector(".earlier button")) return false;
    const first = thread.querySelector(".message[data-position]");
    return Boolean(first) && Number(element.dataset.position) < Number(first.dataset.position);
  }

  /** Takes what does not belong on the page out of a fragment; tells whether anything is left to swap. */
  function prune(fragment, isUnwanted) {
    const unwanted = [...fragment.querySelectorAll("[id][data-rev]")].filter(isUnwanted);
    unwanted.forEach((element) => element.remove());
    return !unwanted.length || fragment.childElementCount > 0;
  }

  function isNewConversation(fragment) {
    const conversation = fragment.querySelector("#conversation[data-rev]");
    return !conversation || !isStale(conversation);
  }

  /** Whether a task may go on. A late ending must not remove the row of a chat that has begun again. */
  function isAllowed(task, ends, source) {
    const target = targetOf(task);
    const isUnasked = !source?.closest?.(".earlier");
    if (task.type === "main") return target?.id !== "conversation" || isNewConversation(task.fragment);
    if (!target || isBurial(task)) return false;
    const isUnwanted = (element) => isStale(element) || (isUnasked && isEarlier(element, target));
    if (task.swapSpec.style !== "delete") return prune(task.fragment, isUnwanted);
    const end = ends.get(target.dataset.case);
    return end === undefined || revision(target) <= end;
  }

  document.addEventListener("htmx:before:swap", (event) => {
    const { tasks, ctx } = event.detail;
    const ends = endings(tasks.filter(isBurial));
    bury(ends);
    tasks.splice(0, tasks.length, ...tasks.filter((task) => isAllowed(task, ends, ctx.sourceElement)));
  });
})();
