local status = obj.status or {}
local rotating = {}
for _, condition in ipairs(status.conditions or {}) do
  if condition.type == "Rotating" then
    rotating = condition
  end
end

local roles = {}
for _, secret in ipairs(status.secrets or {}) do
  roles[secret.role] = secret.id
end

local is_suspended = obj.spec.suspend == true
local is_served = obj.spec.policy ~= "Observe" and not is_suspended
local awaits_approval = rotating.status == "True" and rotating.reason == "AwaitingApproval"

local actions = {}
actions["rotate"] = {
  ["displayName"] = "Rotate now",
  ["iconClass"] = "fa fa-fw fa-sync",
  ["disabled"] = not is_served or rotating.status ~= "False" or roles["Current"] == nil,
}
actions["approve"] = {
  ["displayName"] = "Approve the deletion of the previous secret",
  ["iconClass"] = "fa fa-fw fa-check",
  ["disabled"] = not is_served or not awaits_approval or roles["Previous"] == nil,
}
actions["replace-leaked"] = {
  ["displayName"] = "The current secret leaked: replace it at once",
  ["iconClass"] = "fa fa-fw fa-exclamation-triangle",
  ["disabled"] = not is_served or roles["Current"] == nil,
}
actions["suspend"] = {
  ["displayName"] = "Freeze: write nothing, keep both secrets",
  ["iconClass"] = "fa fa-fw fa-pause",
  ["disabled"] = is_suspended,
}
actions["resume"] = {
  ["displayName"] = "Go on",
  ["iconClass"] = "fa fa-fw fa-play",
  ["disabled"] = not is_suspended,
}
return actions
