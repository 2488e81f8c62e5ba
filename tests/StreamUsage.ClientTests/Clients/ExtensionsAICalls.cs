using System.Text.Json;
using System.Text.Json.Nodes;
using Anthropic;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;
using OpenAI.Responses;
using StreamUsage.ClientTests.Support;

namespace StreamUsage.ClientTests.Clients;

/// <summary>Calls of Microsoft.Extensions.AI, and of agents, over other clients.</summary>
internal static class ExtensionsAICalls
{
    public static Dictionary<string, ClientCall> All { get; } = new()
    {
        ["Extensions.AI over OpenAI chat"] = new("chat.json", (http, address, view) => ChatAsync(OverChat(http, address), view)),
        ["Extensions.AI over OpenAI chat, streamed"] = new("chat.sse", (http, address, view) => StreamAsync(OverChat(http, address), view)),
        ["Extensions.AI over OpenAI responses"] =
            new("responses.json", (http, address, view) => ChatAsync(OverResponses(http, address), view)),
        ["Extensions.AI over OpenAI responses, streamed"] =
            new("responses.sse", (http, address, view) => StreamAsync(OverResponses(http, address), view)),
        ["Extensions.AI over Anthropic"] = new("claude.json", (http, address, view) => ChatAsync(OverAnthropic(http, address), view)),
        ["Extensions.AI over Anthropic, streamed"] =
            new("claude.sse", (http, address, view) => StreamAsync(OverAnthropic(http, address), view)),
        ["Extensions.AI embeddings"] = new("embeddings.json", EmbeddingsAsync),
        ["Agents.AI over OpenAI chat"] = new("chat.json", AgentAsync),
        ["Agents.AI over OpenAI chat, streamed"] = new("chat.sse", StreamAgentAsync),
    };

    public static IChatClient OverChat(HttpClient http, Uri address) =>
        OpenAICalls.Create(http, address).GetChatClient("gpt-5-mini").AsIChatClient();

    public static IChatClient OverResponses(HttpClient http, Uri address) =>
        OpenAICalls.Create(http, address).GetResponsesClient().AsIChatClient("gpt-5-mini");

    public static IChatClient OverAnthropic(HttpClient http, Uri address) =>
        AnthropicCalls.Create(http, address).AsIChatClient("claude-haiku-4-5");

    public static async Task ChatAsync(IChatClient client, ClientView view, ChatOptions? options = null)
    {
        ChatResponse response = await client.GetResponseAsync("Hello", options);
        view.Add(ToText(response));
        SeeUsage(view, response.Usage);
    }

    public static async Task StreamAsync(IChatClient client, ClientView view, ChatOptions? options = null)
    {
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("Hello", options))
        {
            view.Add(ToText(update));
            SeeUsage(view, update.Contents.OfType<UsageContent>().FirstOrDefault()?.Details);
        }
    }

    private static async Task EmbeddingsAsync(HttpClient http, Uri address, ClientView view)
    {
        IEmbeddingGenerator<string, Embedding<float>> generator =
            OpenAICalls.Create(http, address).GetEmbeddingClient("text-embedding-3-small").AsIEmbeddingGenerator();
        GeneratedEmbeddings<Embedding<float>> embeddings = await generator.GenerateAsync(["Hello"]);
        view.Add(string.Join(' ', embeddings[0].Vector.ToArray()));
        SeeUsage(view, embeddings.Usage);
    }

    private static async Task AgentAsync(HttpClient http, Uri address, ClientView view)
    {
        AgentResponse response = await new ChatClientAgent(OverChat(http, address)).RunAsync("Hello");
        view.Add(response.Text);
        SeeUsage(view, response.Usage);
    }

    private static async Task StreamAgentAsync(HttpClient http, Uri address, ClientView view)
    {
        await foreach (AgentResponseUpdate update in new ChatClientAgent(OverChat(http, address)).RunStreamingAsync("Hello"))
        {
            view.Add(update.Text);
            SeeUsage(view, update.Contents.OfType<UsageContent>().FirstOrDefault()?.Details);
        }
    }

    // Some clients set the time themselves.
    private static string ToText<T>(T answer)
    {
        JsonNode json = JsonSerializer.SerializeToNode(answer, AIJsonUtilities.DefaultOptions)!;
        json.AsObject().Remove("createdAt");
        foreach (JsonNode? message in json["messages"]?.AsArray() ?? [])
        {
            message!.AsObject().Remove("createdAt");
        }

        return json.ToJsonString();
    }

    private static void SeeUsage(ClientView view, UsageDetails? usage)
    {
        if (usage is not null)
        {
            view.Input = usage.InputTokenCount;
            view.Cached = usage.CachedInputTokenCount;
            view.Output = usage.OutputTokenCount;
            view.Reasoning = usage.ReasoningTokenCount;
        }
    }
}
