using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace StreamUsage.Tests.Conformance;

/// <summary>What a cut body says, read plainly: lines, whole documents, and the few properties that count. Knows
/// nothing of how the library reads.</summary>
internal sealed class CutExpectation
{
    private HashSet<int> _begun = [];
    private HashSet<int> _finished = [];
    private bool _isTerminal;
    private long? _input, _cacheRead, _cacheWrite, _rawOutput, _reasoning, _total;
    private long _charactersAtUsage, _largest, _candidates, _thoughts;
    private bool _isOutputUnknown;
    // Whether the event counts output, and whether output came after the last one that did.
    private bool _countsOutput, _hasOutputSince, _hasToolName;

    public string? Protocol { get; private set; }

    public long Events { get; private set; }

    public bool HasError { get; private set; }

    public bool IsComplete => _isTerminal || (_begun.Count != 0 && _begun.SetEquals(_finished));

    public long? CacheRead => _cacheRead;

    /// <summary>All input, whatever its bucket; null where none was reported.</summary>
    public long? TotalInput => (_input ?? _cacheRead ?? _cacheWrite) is null ? null
        : Protocol == "anthropic-messages" ? (_input ?? 0) + (_cacheRead ?? 0) + (_cacheWrite ?? 0)
        : Math.Max(_input ?? 0, (_cacheRead ?? 0) + (_cacheWrite ?? 0));

    /// <summary>Whether nothing came but comments.</summary>
    public bool IsSilent { get; private set; } = true;

    /// <summary>The output as reported; null where none was, a placeholder aside, or where more came after
    /// it.</summary>
    public long? Output => _isOutputUnknown || _hasOutputSince ? null : ReportedOutput;

    /// <summary>At least so much output there was, if any was counted.</summary>
    public long LowerBound => Math.Max(Placeholder, _isOutputUnknown ? 0 : ReportedOutput ?? 0);

    private long? ReportedOutput => Protocol != "anthropic-messages" && _reasoning > 0 && _total == _input + _rawOutput + _reasoning
        ? _rawOutput + _reasoning : _rawOutput;

    public long Placeholder { get; private set; }

    /// <summary>At least this many characters of text, reasoning and tool arguments were seen.</summary>
    public long Characters { get; private set; }

    /// <summary>At least this many of them were seen after the last usage that counts output.</summary>
    public long UncountedCharacters => Characters - _charactersAtUsage;

    /// <summary>What each cut of a body says; the cuts in rising order.</summary>
    public static IEnumerable<(int Cut, CutExpectation Expected)> Of(byte[] body, int[] boundaries, IEnumerable<int> cuts)
    {
        var whole = new CutExpectation();
        int at = 0;
        foreach (int cut in cuts)
        {
            foreach (int boundary in boundaries.Where(boundary => boundary > at && boundary <= cut))
            {
                whole.ReadBlock(body.AsSpan(at..boundary));
                at = boundary;
            }

            CutExpectation expected = whole.Clone();
            expected.ReadBlock(body.AsSpan(at..cut));
            yield return (cut, expected);
        }
    }

    private CutExpectation Clone()
    {
        var clone = (CutExpectation)MemberwiseClone();
        (clone._begun, clone._finished) = ([.. _begun], [.. _finished]);
        return clone;
    }

    private void ReadBlock(ReadOnlySpan<byte> block)
    {
        string[] lines = Encoding.UTF8.GetString(block).Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n').Split('\n');
        string[] data = [.. lines.Where(line => line.StartsWith("data:", StringComparison.Ordinal))
            .Select(line => Regex.Replace(line, "^data: ?", ""))];
        string joined = string.Join('\n', data);
        IsSilent &= lines.All(line => line.Length == 0 || line[0] == ':');
        bool isLastLineWhole = lines[^1].Length == 0;
        if (data.Length != 0 && (isLastLineWhole || joined == "[DONE]" || IsJson(joined)))
        {
            string? type = lines.LastOrDefault(line => line.StartsWith("event:", StringComparison.Ordinal));
            Events++;
            Read(joined, type is null ? "" : Regex.Replace(type, "^event: ?", ""));
        }
    }

    private static bool IsJson(string data)
    {
        try
        {
            JsonDocument.Parse(data).Dispose();
            return data.Length != 0;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private void Read(string data, string eventType)
    {
        if (data == "[DONE]")
        {
            _isTerminal |= Protocol == "openai-chat";
            return;
        }

        long before = Characters;
        _countsOutput = _hasToolName = false;
        ReadEvent(data, eventType);
        _charactersAtUsage = _countsOutput ? Characters : _charactersAtUsage;
        _hasOutputSince = !_countsOutput && (_hasOutputSince || _hasToolName || Characters > before);
    }

    private void ReadEvent(string data, string eventType)
    {
        using JsonDocument document = JsonDocument.Parse(data);
        JsonElement root = document.RootElement;
        string type = Text(root, "type") ?? eventType;
        HasError |= (root.TryGetProperty("error", out JsonElement error) && error.ValueKind == JsonValueKind.Object)
            || type == "error" || type == "response.failed";
        if (Protocol == "gemini"
            || root.EnumerateObject().Any(property => property.Name is "candidates" or "usageMetadata" or "setupComplete"))
        {
            Protocol ??= "gemini";
            ReadGemini(root);
        }
        else if (root.TryGetProperty("choices", out JsonElement choices) || Protocol == "openai-chat")
        {
            Protocol ??= "openai-chat";
            ReadChunk(root, choices);
        }
        else if (type.StartsWith("response.", StringComparison.Ordinal) || Protocol == "openai-responses")
        {
            Protocol ??= "openai-responses";
            ReadResponsesEvent(root, type);
        }
        else if (root.TryGetProperty("error", out _) && Protocol is null && type != "error")
        {
            Protocol = "openai-chat";
        }
        else
        {
            Protocol ??= "anthropic-messages";
            ReadClaudeEvent(root, type);
        }
    }

    private void ReadChunk(JsonElement root, JsonElement choices)
    {
        JsonElement usage = default;
        if (root.TryGetProperty("x_groq", out JsonElement groq) && groq.TryGetProperty("usage", out JsonElement groqUsage))
        {
            ReadUsage(groqUsage);
        }

        foreach (JsonElement choice in choices.ValueKind == JsonValueKind.Array ? choices.EnumerateArray() : default)
        {
            int index = choice.TryGetProperty("index", out JsonElement number) ? number.GetInt32() : 0;
            _begun.Add(index);
            if (Text(choice, "finish_reason") is not null)
            {
                _finished.Add(index);
            }

            if (choice.TryGetProperty("usage", out usage))
            {
                ReadUsage(usage);
            }

            if (choice.TryGetProperty("delta", out JsonElement delta) && delta.ValueKind == JsonValueKind.Object)
            {
                Characters += Length(delta, "content") + Math.Max(Length(delta, "reasoning"), Length(delta, "reasoning_content"));
                Characters += Objects(delta, "tool_calls").Sum(call => Length(Object(call, "function") ?? default, "arguments"));
                Characters += Objects(delta, "content")
                    .Sum(part => Length(part, "text") + Objects(part, "thinking").Sum(thought => Length(thought, "text")));
            }
        }

        if (root.TryGetProperty("usage", out usage))
        {
            ReadUsage(usage);
        }
    }

    private void ReadResponsesEvent(JsonElement root, string type)
    {
        _isTerminal |= type is "response.completed" or "response.incomplete" or "response.failed";
        if (type is "response.output_text.delta" or "response.reasoning_text.delta" or "response.reasoning_summary_text.delta"
            || Regex.IsMatch(type, "_(arguments|call_input|call_code|command)\\.delta$"))
        {
            Characters += Length(root, "delta");
        }

        _hasToolName |= Object(root, "item") is { } item && Text(item, "name") is not null;
        if (root.TryGetProperty("response", out JsonElement response) && response.TryGetProperty("usage", out JsonElement usage))
        {
            ReadUsage(usage);
        }
    }

    // The prompt includes what was cached; thoughts, and the prompts of tools, are counted beside. A chunk in the
    // middle that counts its prompt alone does not know the output.
    private void ReadGemini(JsonElement root)
    {
        foreach (JsonElement candidate in Objects(root, "candidates"))
        {
            int index = candidate.TryGetProperty("index", out JsonElement number) ? number.GetInt32() : 0;
            _begun.Add(index);
            if (Text(candidate, "finishReason") is not null)
            {
                _finished.Add(index);
            }

            foreach (JsonElement part in Objects(Object(candidate, "content") ?? default, "parts"))
            {
                JsonElement call = Object(part, "functionCall") ?? Object(part, "toolCall") ?? Object(part, "executableCode") ?? default;
                Characters += Length(part, "text") + Length(call, "code") + Objects(call, "partialArgs")
                    .Sum(argument => Length(argument, "stringValue") + (Count(argument, "numberValue") is null ? 0 : 1));
                Characters += call.ValueKind == JsonValueKind.Object
                    && Object(call, "args") is { } arguments && arguments.EnumerateObject().Any() ? arguments.GetRawText().Length : 0;
            }
        }

        if (Object(root, "usageMetadata") is not { } usage || Count(usage, "promptTokenCount") is not { } prompt)
        {
            return;
        }

        long tools = Count(usage, "toolUsePromptTokenCount") ?? 0;
        long thoughts = Count(usage, "thoughtsTokenCount") ?? 0;
        _input = prompt + tools;
        _cacheRead = Count(usage, "cachedContentTokenCount") ?? 0;
        long sum = Count(usage, "totalTokenCount") ?? 0;
        bool isLess = sum < _largest;
        _largest = Math.Max(_largest, sum);
        bool isLeftOut = Count(usage, "candidatesTokenCount") is null
            && !IsComplete && Count(usage, "totalTokenCount") <= prompt + tools + thoughts;
        if (!isLeftOut)
        {
            _isOutputUnknown = false;
            long candidates = Count(usage, "candidatesTokenCount") ?? 0;
            (_candidates, _thoughts) = isLess ? (Math.Max(_candidates, candidates), Math.Max(_thoughts, thoughts)) : (candidates, thoughts);
            _rawOutput = _candidates + _thoughts;
            _countsOutput = candidates + thoughts > 0;
        }
        else if (_rawOutput is null)
        {
            _isOutputUnknown = true;
            Placeholder = thoughts;
            _countsOutput = thoughts > 0;
        }
    }

    private void ReadClaudeEvent(JsonElement root, string type)
    {
        _isTerminal |= type == "message_stop";
        if (type == "message_start")
        {
            _isTerminal = false;
            (_input, _cacheRead, _cacheWrite, _rawOutput) = (null, null, null, null);
            _hasOutputSince = false;
            Characters = _charactersAtUsage = 0;
            JsonElement usage = root.GetProperty("message").GetProperty("usage");
            ReadUsage(usage);
            (Placeholder, _rawOutput) = (_rawOutput ?? 0, null);
            foreach (JsonElement block in Objects(root.GetProperty("message"), "content"))
            {
                Characters += Length(block, "text")
                    + (Object(block, "input") is { } given && given.EnumerateObject().Any() ? given.GetRawText().Length : 0);
            }
        }
        else if (root.TryGetProperty("usage", out JsonElement usage))
        {
            ReadUsage(usage);
        }

        if (root.TryGetProperty("delta", out JsonElement delta))
        {
            Characters += Length(delta, "text") + Length(delta, "thinking") + Length(delta, "partial_json");
        }
    }

    private void ReadUsage(JsonElement usage)
    {
        if (usage.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        bool isZero = usage.EnumerateObject().Any(count => count.Value.ValueKind == JsonValueKind.Number)
            && usage.EnumerateObject().All(count => count.Value.ValueKind != JsonValueKind.Number || count.Value.GetDouble() == 0);
        if (isZero && (_input ?? 0) + (_cacheRead ?? 0) + (_cacheWrite ?? 0) == 0)
        {
            return; // No report.
        }

        JsonElement input = Object(usage, "prompt_tokens_details") ?? Object(usage, "input_tokens_details") ?? default;
        JsonElement outputDetails = Object(usage, "completion_tokens_details") ?? Object(usage, "output_tokens_details") ?? default;
        _input = Count(usage, "prompt_tokens") ?? Count(usage, "input_tokens") ?? _input;
        long? output = Count(usage, "completion_tokens") ?? Count(usage, "output_tokens");
        _rawOutput = output ?? _rawOutput;
        _countsOutput |= output > 0;
        _cacheRead = Count(usage, "cache_read_input_tokens")
            ?? Count(input, "cached_tokens") ?? Count(usage, "prompt_cache_hit_tokens") ?? Count(usage, "cached_tokens") ?? _cacheRead;
        _cacheWrite = Count(usage, "cache_creation_input_tokens") ?? Count(input, "cache_write_tokens") ?? _cacheWrite;
        _reasoning = Count(outputDetails, "reasoning_tokens") ?? Count(usage, "reasoning_tokens") ?? _reasoning;
        _total = Count(usage, "total_tokens") ?? _total;
    }

    private static JsonElement? Object(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Object ? value : null;

    private static long? Count(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out JsonElement value)
            && value.ValueKind == JsonValueKind.Number ? (long)value.GetDouble() : null;

    private static int Length(JsonElement parent, string name) => (Text(parent, name) ?? "").Length;

    private static JsonElement[] Objects(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out JsonElement value)
            && value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [];

    private static string? Text(JsonElement parent, string name) => parent.ValueKind == JsonValueKind.Object
        && parent.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
