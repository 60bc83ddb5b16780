// Repeats the sound while chats are waiting in New: a single one is easily missed.
(() => {
  "use strict";

  const deskbell = window.deskbell;
  // A little less than a pause: whichever tab comes next may be a moment early.
  const HELD = 0.9;

  let timer = 0;

  const pauseMs = () => Number(document.body.dataset.reminder) * 1000;
  const isNew = (row) => deskbell.chatList.sectionOf(row) === "new";
  const isWanted = () => pauseMs() > 0 && deskbell.sound.isOnDuty() && deskbell.chatList.rows().some(isNew);

  function plan() {
    if (!isWanted()) {
      clearTimeout(timer);
      timer = 0;
    } else if (!timer) {
      timer = setTimeout(remind, pauseMs());
    }
  }

  async function remind() {
    timer = 0;
    if (isWanted() && (await deskbell.told.claim("reminder", pauseMs() * HELD))) deskbell.sound.ring();
    plan();
  }

  document.addEventListener("deskbell:listed", plan);
})();
