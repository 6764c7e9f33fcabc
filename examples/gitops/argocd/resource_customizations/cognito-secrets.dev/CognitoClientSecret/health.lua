-- Progressing  nothing is reported yet, or the Secret is not usable and nobody has to act
-- Healthy      the Secret is usable, all through a rotation
-- Degraded     a person has to act
-- Suspended    by spec.suspend, or by the platform team's freeze switch
-- Unknown      Cognito could not be looked at for long

local function health(status, message)
  return {status = status, message = message}
end

if obj.metadata.deletionTimestamp ~= nil then
  return health("Progressing", "Being deleted")
end

local status = obj.status or {}
if status.observedGeneration ~= obj.metadata.generation then
  return health("Progressing", "Waiting for the operator to report on this generation")
end

local conditions = {}
for _, condition in ipairs(status.conditions or {}) do
  conditions[condition.type] = condition
end

local function is(kind, truth)
  return conditions[kind] ~= nil and conditions[kind].status == truth
end

local function message_of(kind)
  return conditions[kind].reason .. ": " .. conditions[kind].message
end

if is("Stalled", "True") then
  return health("Degraded", message_of("Stalled"))
end

local waits_for = status.waitsFor or {}
if obj.spec.suspend or waits_for.reason == "Frozen" then
  return health("Suspended", waits_for.message or "Frozen by spec.suspend")
end

if is("Reconciling", "True") then
  return health("Progressing", message_of("Reconciling"))
end

if is("Ready", "Unknown") then
  return health("Unknown", message_of("Ready"))
end

if is("Ready", "True") then
  if is("Rotating", "True") then
    return health("Healthy", message_of("Rotating"))
  end
  if is("Overdue", "True") then
    return health("Healthy", message_of("Overdue"))
  end
  return health("Healthy", message_of("Ready"))
end

return health("Progressing", "Waiting for the operator to look at Cognito")
