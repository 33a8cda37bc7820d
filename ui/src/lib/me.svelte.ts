// Who is looking, and what they may do. Until it is known, nothing that needs a permission is offered.
import { apiUrl, asFailure, getJson, type ApiError } from "../api/client";
import type { Me } from "../api/types";

let who = $state.raw<Me | null>(null);
let problem = $state.raw<ApiError | null>(null);
let asking = false;

async function ask(): Promise<void> {
  if (asking) return;
  asking = true;
  try {
    who = await getJson<Me>(apiUrl("/me"));
    problem = null;
  } catch (reason) {
    problem = asFailure(reason);
  }
  asking = false;
}

export const me = {
  get known() { return who !== null; },
  get name() { return who?.name ?? ""; },
  get problem() { return problem; },
  get maySeeValues() { return who?.may_see_values ?? false; },
  get mayUnmask() { return who?.may_unmask ?? false; },
  get mayTriage() { return who?.may_triage ?? false; },
  get mayChangeSettings() { return who?.may_change_settings ?? false; },
  ask,
};
