using Anthropic;
using Anthropic.Models.Messages;
using StreamUsage.ClientTests.Support;

namespace StreamUsage.ClientTests.Clients;

/// <summary>Calls of the package Anthropic.</summary>
internal static class AnthropicCalls
{
    private static readonly MessageCreateParams Request = new()
    {
        Model = "claude-haiku-4-5",
        MaxTokens = 100,
        Messages = [new UserMessageParam("Hello")],
    };

    public static Dictionary<string, ClientCall> All { get; } = new()
    {
        ["Anthropic messages"] = new("claude.json", MessageAsync),
        ["Anthropic messages, streamed"] = new("claude.sse", StreamMessageAsync),
    };

    public static AnthropicClient Create(HttpClient http, Uri address) => new()
    {
        ApiKey = "key",
        BaseUrl = address.ToString().TrimEnd('/'),
        HttpClient = http,
        MaxRetries = 0,
    };

    private static async Task MessageAsync(HttpClient http, Uri address, ClientView view)
    {
        Message message = await Create(http, address).Messages.Create(Request);
        view.Add(message.ToString());
        Usage usage = message.Usage;
        view.Cached = usage.CacheReadInputTokens;
        view.Input = usage.InputTokens + usage.CacheReadInputTokens + usage.CacheCreationInputTokens;
        view.Output = usage.OutputTokens;
    }

    private static async Task StreamMessageAsync(HttpClient http, Uri address, ClientView view)
    {
        await foreach (RawMessageStreamEvent streamEvent in Create(http, address).Messages.CreateStreaming(Request))
        {
            view.Add(streamEvent.ToString());
            if (streamEvent.TryPickDelta(out RawMessageDeltaEvent? delta))
            {
                view.Cached = delta.Usage.CacheReadInputTokens;
                view.Input = delta.Usage.InputTokens + delta.Usage.CacheReadInputTokens + delta.Usage.CacheCreationInputTokens;
                view.Output = delta.Usage.OutputTokens;
            }
        }
    }
}
