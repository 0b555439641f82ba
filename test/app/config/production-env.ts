/** Key of a webhook, drawn for the tests. */
export const webhookSecret = 'whsec_q2mD0Yb7kQw9tR4xLcV1nJ8sHfZ6uDpEgA3oXyTzB5I='

/** All that production asks for. */
export const production = {
  NODE_ENV: 'production',
  OTP_DELIVERY: 'webhook',
  OTP_WEBHOOK_URL: 'https://codes.example/send',
  OTP_WEBHOOK_SECRET: webhookSecret,
  PRAHARI_TLS_TERMINATION: 'proxy',
  PRAHARI_TRUST_PROXY: '1',
} as const satisfies Record<string, string>
