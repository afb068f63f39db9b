/** How the tab in which an identity provider asked tells the tab that waits. */
export const PROVED = "portcullis-proved";
export const PROVED_PAGE = "/account/proved";
