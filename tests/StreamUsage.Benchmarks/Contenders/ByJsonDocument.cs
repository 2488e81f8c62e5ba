using System.Net.ServerSentEvents;
using System.Text.Json;
using StreamUsage.Benchmarks.Workloads;

namespace StreamUsage.Benchmarks.Contenders;

/// <summary>The comfortable way by hand: SseParser over a tee, and a JsonDocument of each event.</summary>
internal sealed class ByJsonDocument : Contender
{
    private readonly byte[] _buffer = new byte[BufferSize];
    private readonly UsageByHand _usage = new();
    private ScriptedStream _body = null!;
    private Protocol _wire;
    private long _events;

    public override string Key => "document";

    public override string Name => "SseParser + JsonDocument";

    public override void Open(Workload workload, ScriptedStream body)
    {
        _body = body;
        _wire = workload.Protocol;
        _events = 0;
        _usage.Reset();
    }

    public override void Read()
    {
        foreach (SseItem<byte> _ in SseParser.Create(new TeeStream(_body, _buffer), ReadEvent).Enumerate())
        {
            _events++;
        }
    }

    public override string? FindFault(Workload workload) =>
        Compare("events", workload.EventCount, _events) ?? Compare("totals", workload.Totals, _usage.ToTotals(_wire));

    private byte ReadEvent(string type, ReadOnlySpan<byte> data)
    {
        if (data.SequenceEqual("[DONE]"u8))
        {
            return 0;
        }

        var reader = new Utf8JsonReader(data);
        using JsonDocument document = JsonDocument.ParseValue(ref reader);
        JsonElement root = document.RootElement;
        switch (_wire)
        {
            case Protocol.Claude:
                ReadClaude(root);
                break;
            case Protocol.Chat:
                ReadChat(root);
                break;
            case Protocol.Gemini:
                ReadGemini(root);
                break;
            default:
                ReadResponses(root);
                break;
        }

        return 0;
    }

    private void ReadClaude(JsonElement root)
    {
        if (root.TryGetProperty("delta"u8, out JsonElement delta))
        {
            if (delta.TryGetProperty("text"u8, out JsonElement text) || delta.TryGetProperty("partial_json"u8, out text))
            {
                _usage.Characters += text.GetString()!.Length;
            }
        }

        if (root.TryGetProperty("message"u8, out JsonElement message))
        {
            root = message;
        }

        if (root.TryGetProperty("usage"u8, out JsonElement usage))
        {
            _usage.InputTokens = usage.GetProperty("input_tokens"u8).GetInt64();
            _usage.CacheReadTokens = usage.GetProperty("cache_read_input_tokens"u8).GetInt64();
            _usage.CacheCreationTokens = usage.GetProperty("cache_creation_input_tokens"u8).GetInt64();
            _usage.OutputTokens = usage.GetProperty("output_tokens"u8).GetInt64();
        }
    }

    private void ReadChat(JsonElement root)
    {
        foreach (JsonElement choice in root.GetProperty("choices"u8).EnumerateArray())
        {
            if (choice.GetProperty("delta"u8).TryGetProperty("content"u8, out JsonElement content)
                && content.ValueKind == JsonValueKind.String)
            {
                _usage.Characters += content.GetString()!.Length;
            }
        }

        if (root.TryGetProperty("usage"u8, out JsonElement usage) && usage.ValueKind == JsonValueKind.Object)
        {
            _usage.InputTokens = usage.GetProperty("prompt_tokens"u8).GetInt64();
            _usage.CacheReadTokens = usage.GetProperty("prompt_tokens_details"u8).GetProperty("cached_tokens"u8).GetInt64();
            _usage.OutputTokens = usage.GetProperty("completion_tokens"u8).GetInt64();
        }
    }

    private void ReadGemini(JsonElement root)
    {
        foreach (JsonElement part in root.GetProperty("candidates"u8)[0].GetProperty("content"u8).GetProperty("parts"u8).EnumerateArray())
        {
            _usage.Characters += part.GetProperty("text"u8).GetString()!.Length;
        }

        JsonElement usage = root.GetProperty("usageMetadata"u8);
        _usage.InputTokens = usage.GetProperty("promptTokenCount"u8).GetInt64();
        _usage.CacheReadTokens = usage.GetProperty("cachedContentTokenCount"u8).GetInt64();
        _usage.OutputTokens = usage.GetProperty("candidatesTokenCount"u8).GetInt64() + usage.GetProperty("thoughtsTokenCount"u8).GetInt64();
    }

    private void ReadResponses(JsonElement root)
    {
        if (root.GetProperty("type"u8).ValueEquals("response.output_text.delta"u8))
        {
            _usage.Characters += root.GetProperty("delta"u8).GetString()!.Length;
        }
        else if (root.TryGetProperty("response"u8, out JsonElement response)
            && response.TryGetProperty("usage"u8, out JsonElement usage) && usage.ValueKind == JsonValueKind.Object)
        {
            _usage.InputTokens = usage.GetProperty("input_tokens"u8).GetInt64();
            _usage.CacheReadTokens = usage.GetProperty("input_tokens_details"u8).GetProperty("cached_tokens"u8).GetInt64();
            _usage.OutputTokens = usage.GetProperty("output_tokens"u8).GetInt64();
        }
    }
}
