# The operator's AWS role: the five actions of docs/security.md on named pools, and nothing else.
variable "cluster_name" {
  type = string
}

variable "operator_namespace" {
  type    = string
  default = "cognito-system"
}

variable "operator_service_account" {
  type    = string
  default = "cognito-secret-operator"
}

variable "user_pool_arns" {
  type        = list(string)
  description = "ARNs of the pools that the operator serves; each by its name, no wildcard."

  validation {
    condition     = alltrue([for arn in var.user_pool_arns : !strcontains(arn, "*")])
    error_message = "Name each pool: a wildcard gives the operator every client of the account."
  }
}

data "aws_iam_policy_document" "rotate" {
  statement {
    sid = "RotateClientSecrets"
    actions = [
      "cognito-idp:ListUserPoolClientSecrets",
      "cognito-idp:AddUserPoolClientSecret",
      "cognito-idp:DeleteUserPoolClientSecret",
      "cognito-idp:DescribeUserPoolClient",
      "cognito-idp:DescribeUserPool",
    ]
    resources = var.user_pool_arns
  }
}

# EKS Pod Identity: only for the ServiceAccount in this cluster. Without the conditions any association
# in the account could name the role. They are about session tags, so leave disable_session_tags off.
data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole", "sts:TagSession"]

    principals {
      type        = "Service"
      identifiers = ["pods.eks.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/eks-cluster-name"
      values   = [var.cluster_name]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/kubernetes-namespace"
      values   = [var.operator_namespace]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/kubernetes-service-account"
      values   = [var.operator_service_account]
    }
  }
}

resource "aws_iam_role" "operator" {
  name               = "cognito-secret-operator"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "rotate" {
  name   = "rotate-client-secrets"
  role   = aws_iam_role.operator.id
  policy = data.aws_iam_policy_document.rotate.json
}

resource "aws_eks_pod_identity_association" "operator" {
  cluster_name    = var.cluster_name
  namespace       = var.operator_namespace
  service_account = var.operator_service_account
  role_arn        = aws_iam_role.operator.arn
}
