"""The IAM permission of each method that is served (source: "Apigee roles and permissions")."""

from typing import Final

PERMISSIONS: Final = {
    "apigee.organizations.get": "apigee.organizations.get",
    "apigee.organizations.getDeployedIngressConfig": "apigee.ingressconfigs.get",
    "apigee.organizations.environments.get": "apigee.environments.get",
    "apigee.organizations.environments.getAddonsConfig": "apigee.addonsconfig.get",
    "apigee.organizations.environments.getSecurityActionsConfig": "apigee.securityActionsConfig.get",
    "apigee.organizations.environments.updateSecurityActionsConfig": "apigee.securityActionsConfig.update",
    "apigee.organizations.environments.securityActions.create": "apigee.securityActions.create",
    "apigee.organizations.environments.securityActions.delete": "apigee.securityActions.delete",
    "apigee.organizations.environments.securityActions.disable": "apigee.securityActions.update",
    "apigee.organizations.environments.securityActions.enable": "apigee.securityActions.update",
    "apigee.organizations.environments.securityActions.get": "apigee.securityActions.get",
    "apigee.organizations.environments.securityActions.list": "apigee.securityActions.list",
    "apigee.organizations.environments.securityActions.patch": "apigee.securityActions.update",
    "apigee.organizations.environments.flowhooks.get": "apigee.flowhooks.getSharedFlow",
    "apigee.organizations.environments.targetservers.get": "apigee.targetservers.get",
    "apigee.organizations.environments.keyvaluemaps.entries.list": "apigee.keyvaluemapentries.list",
    "apigee.organizations.envgroups.list": "apigee.envgroups.list",
    "apigee.organizations.envgroups.attachments.list": "apigee.envgroupattachments.list",
    "apigee.organizations.apis.list": "apigee.proxies.list",
    "apigee.organizations.apis.revisions.get": "apigee.proxyrevisions.get",
    "apigee.organizations.deployments.list": "apigee.deployments.list",
    "apigee.organizations.sharedflows.list": "apigee.sharedflows.list",
    "apigee.organizations.sharedflows.revisions.get": "apigee.sharedflowrevisions.get",
    "apigee.organizations.apiproducts.list": "apigee.apiproducts.list",
    "apigee.organizations.developers.list": "apigee.developers.list",
    "apigee.organizations.apps.list": "apigee.apps.list",
    "logging.entries.list": "logging.logEntries.list",
    "cloudresourcemanager.projects.testIamPermissions": "",
}
