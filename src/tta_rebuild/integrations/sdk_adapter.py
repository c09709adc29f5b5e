"""What the adapters of OpenAI and Anthropic share: how their SDKs' exceptions become ours.

Both SDKs come from one generator and name their exceptions alike; ``sdk_errors`` reads what an API
error says.
"""

from __future__ import annotations

from importlib import import_module

from tta_rebuild.core.errors import ProviderError, ProviderTimeout
from tta_rebuild.integrations.adapter import Adapter
from tta_rebuild.integrations.parameters import Asked
from tta_rebuild.integrations.sdk_errors import from_api_error


class SdkAdapter(Adapter):
    """An adapter over one of these SDKs; ``sdk`` names its module."""

    def _translated(self, error: Exception, asked: Asked) -> ProviderError:
        sdk = import_module(self.sdk)

        if isinstance(error, sdk.APITimeoutError):
            return ProviderTimeout(
                f"{asked.model} did not answer in time: try again",
                provider=self.provider,
                model=asked.model,
            )
        if isinstance(error, sdk.APIConnectionError):
            return self._no_connection(error, asked)
        if isinstance(error, sdk.APIResponseValidationError):
            return self._no_answer(ValueError(), asked)
        if isinstance(error, sdk.APIError):
            return from_api_error(
                error,
                provider=self.provider,
                model=asked.model,
                key_variable=self.key_variable,
                key=self._key,
                now=self._now(),
            )
        if isinstance(error, ValueError):
            return self._no_answer(error, asked)
        return self._no_connection(error, asked)
