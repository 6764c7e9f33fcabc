-- Permits the deletion of the one secret that is the previous one now.
for _, secret in ipairs(obj.status.secrets) do
  if secret.role == "Previous" then
    if obj.metadata.annotations == nil then
      obj.metadata.annotations = {}
    end
    obj.metadata.annotations["cognito-secrets.dev/approve"] = secret.id
  end
end
return obj
