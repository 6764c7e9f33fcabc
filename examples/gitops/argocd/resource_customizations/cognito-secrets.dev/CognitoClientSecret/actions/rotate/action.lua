-- Any value that was not handled before rotates once.
local os = require("os")
if obj.metadata.annotations == nil then
  obj.metadata.annotations = {}
end
obj.metadata.annotations["cognito-secrets.dev/rotate"] = os.date("!%Y-%m-%dT%H:%M:%SZ")
return obj
