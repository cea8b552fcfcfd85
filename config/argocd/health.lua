-- Health of CTILinks, AgentPools, CTISlots and ImplementationClasses for Argo CD,
-- by the same conditions that kstatus reads. The same script serves all four kinds.
local function condition(status, kind)
  for _, c in ipairs(status.conditions or {}) do
    if c.type == kind then
      return c
    end
  end
  return {}
end

local status = obj.status or {}
local ready = condition(status, "Ready")
local reconciling = condition(status, "Reconciling")
local stalled = condition(status, "Stalled")
local paused = condition(status, "Paused")

if obj.metadata.deletionTimestamp ~= nil then
  return {status = "Progressing", message = ready.message or "The object is being deleted."}
end
if paused.status == "True" then
  return {status = "Suspended", message = paused.message}
end
if status.observedGeneration ~= nil and status.observedGeneration ~= obj.metadata.generation then
  return {status = "Progressing", message = "Waiting for the operator to see the newest manifest."}
end
if reconciling.status == "True" then
  return {status = "Progressing", message = reconciling.message}
end
if stalled.status == "True" then
  return {status = "Degraded", message = stalled.message}
end
if ready.status == "True" then
  return {status = "Healthy", message = ready.message}
end
return {status = "Progressing", message = ready.message or "Waiting for the operator"}
