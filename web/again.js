// Does a thing again and again while a view is shown: act() says whether there is more to come.
// What goes wrong is reported, and tried again more slowly.

const TROUBLE_MS = 5000;

const pause = (milliseconds, signal) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });

export async function again(milliseconds, signal, report, act) {
  let more = true;
  let troubled = false;
  while (more && !signal.aborted) {
    let wait = milliseconds;
    try {
      more = await act();
      if (troubled) report(null);
      troubled = false;
    } catch (error) {
      if (signal.aborted) return;
      report(error);
      troubled = true;
      if (error.status === 404) return;
      wait = TROUBLE_MS;
    }
    if (more) await pause(wait, signal);
  }
}
