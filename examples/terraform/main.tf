# The client is Terraform's, its secret is the operator's. See docs/terraform.md.
terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.29" # the first with aws_eks_pod_identity_association
    }
    kubernetes = {
      source  = "hashicorp/kubernetes"
      version = ">= 2.20"
    }
  }
}

variable "user_pool_id" {
  type = string
}

variable "namespace" {
  type    = string
  default = "shop"
}

resource "aws_cognito_user_pool_client" "orders" {
  name            = "orders-api"
  user_pool_id    = var.user_pool_id
  generate_secret = true

  lifecycle {
    # Another client has another id: every user of the old one would be locked out.
    prevent_destroy = true
    # Cognito does not tell it back. After an import it is unknown, and a difference would replace
    # the client.
    ignore_changes = [generate_secret]
  }
}

# Never use aws_cognito_user_pool_client.orders.client_secret: the operator deletes that secret.
resource "kubernetes_manifest" "orders" {
  manifest = {
    apiVersion = "cognito-secrets.dev/v1alpha1"
    kind       = "CognitoClientSecret"
    metadata = {
      name      = "orders-api"
      namespace = var.namespace
    }
    spec = {
      userPoolId = var.user_pool_id
      clientId   = aws_cognito_user_pool_client.orders.id
    }
  }

  wait {
    condition {
      type   = "Ready"
      status = "True"
    }
  }
}
