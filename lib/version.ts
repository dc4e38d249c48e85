import config from "../deno.json" with { type: "json" };

/** intnic's version, as in `deno.json`. */
export const version: string = config.version;
