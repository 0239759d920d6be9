"""OpenAI's Agents SDK over its default model class, Responses: all that it can do over chat completions."""

import importlib.metadata

import openai
import pytest
from agents import Agent, OpenAIResponsesModel

from test_matrix_agents import *  # noqa: F403

pytestmark = pytest.mark.client(f"openai-agents {importlib.metadata.version('openai-agents')}, responses")


@pytest.fixture
def agent(open_server):
    def agent(**options):
        client = openai.AsyncOpenAI(api_key="sk-any", base_url=f"{open_server.url}/v1", max_retries=0, timeout=60)
        return Agent(name="bear", model=OpenAIResponsesModel("claude-code", client), **options)

    return agent
