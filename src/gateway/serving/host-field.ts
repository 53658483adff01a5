import type { HostField } from "../config/config.ts";

/** The `Host` that an upstream is told: the client's, that of the address, or the fixed one, as `field` says. */
export function hostFor(
  field: HostField,
  { client, address }: { readonly client: string; readonly address: string },
): string {
  switch (field.type) {
    case "keep":
      return client;
    case "upstream":
      return address;
    case "literal":
      return field.authority;
    default:
      return field satisfies never;
  }
}
