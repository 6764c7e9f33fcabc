-- Names the current secret as leaked: it is replaced now, and deleted once the pods have moved.
for _, secret in ipairs(obj.status.secrets) do
  if secret.role == "Current" then
    if obj.metadata.annotations == nil then
      obj.metadata.annotations = {}
    end
    obj.metadata.annotations["cognito-secrets.dev/emergency"] = secret.id
  end
end
return obj
