/** The secret of a mailed link stands behind `#`, so that it reaches no server's log. */
export const linkToken = (): string => decodeURIComponent(window.location.hash.slice(1));

/** Leaves a page that a mail led to, with everything read afresh. */
export const toWorkspace = (): void => window.location.assign("/");
