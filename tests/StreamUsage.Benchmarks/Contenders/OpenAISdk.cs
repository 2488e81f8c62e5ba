using System.ClientModel;
using System.ClientModel.Primitives;
using OpenAI;
using OpenAI.Chat;
using StreamUsage.Benchmarks.Workloads;

namespace StreamUsage.Benchmarks.Contenders;

/// <summary>The official client's own streaming loop, over a transport that answers from memory. Chat Completions
/// only.</summary>
internal sealed class OpenAISdk : Contender
{
    private readonly CannedHandler _handler = new();
    private readonly HttpClient _http;
    private readonly ChatClient _client;
    private readonly ChatMessage[] _messages = [new UserChatMessage("Hello")];
    private Totals _totals;

    public OpenAISdk()
    {
        _http = new HttpClient(_handler);
        _client = new ChatClient(
            "gpt-4.1", new ApiKeyCredential("none"), new OpenAIClientOptions { Transport = new HttpClientPipelineTransport(_http) });
    }

    public override string Key => "sdk";

    public override string Name => "OpenAI SDK";

    public override bool CanRead(Workload workload) => workload.Protocol == Protocol.Chat;

    public override void Open(Workload workload, ScriptedStream body)
    {
        _handler.Body = body;
        _totals = default;
    }

    public override void Read()
    {
        long characters = 0;
        ChatTokenUsage? usage = null;
        foreach (StreamingChatCompletionUpdate update in _client.CompleteChatStreaming(_messages))
        {
            foreach (ChatMessageContentPart part in update.ContentUpdate)
            {
                characters += part.Text.Length;
            }

            usage = update.Usage ?? usage;
        }

        if (usage is not null)
        {
            int cached = usage.InputTokenDetails.CachedTokenCount;
            _totals = new Totals(usage.InputTokenCount - cached, cached, 0, usage.OutputTokenCount, characters);
        }
    }

    public override string? FindFault(Workload workload) => Compare("totals", workload.Totals, _totals);

    public override void Dispose()
    {
        _http.Dispose();
        _handler.Dispose();
        base.Dispose();
    }
}
