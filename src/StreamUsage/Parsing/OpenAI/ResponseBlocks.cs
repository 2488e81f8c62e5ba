using System.Text.Json;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing.OpenAI;

/// <summary>Reports the content blocks of Responses items. Each part of a message or of reasoning is a block, and so is
/// every other item.</summary>
internal static class ResponseBlocks
{
    private const long SummaryPart = 1L << 24; // Keeps the keys of summary parts apart from those of content parts.

    /// <summary>Returns the key of a part. A tool call has no parts, so its key is the item's.</summary>
    public static long KeyOf(int outputIndex, OutputKind kind, int part, bool isSummary) =>
        ((long)outputIndex << 32)
            + (kind is OutputKind.ToolName or OutputKind.ToolArguments ? 0 : 1 + part + (isSummary ? SummaryPart : 0));

    /// <summary>Begins an item, unless it is a message or reasoning, whose parts begin with their text.</summary>
    public static void Begin(ReadOnlySpan<byte> item, int outputIndex, IOutputObserver output)
    {
        try
        {
            var header = new Header(item);
            if (header.IsMessage)
            {
                output.OnMessage(header.Role, isNew: false);
            }
            else if (!header.IsReasoning)
            {
                output.OnBlock(header.ToBlock(outputIndex, BlockStage.Begin));
            }
        }
        catch (JsonException)
        {
            // The parser reads the same bytes next, and throws.
        }
    }

    /// <summary>Reports an item that is done or repeated. Malformed data ends it.</summary>
    public static void Report(ReadOnlySpan<byte> item, int outputIndex, BlockStage stage, IOutputObserver output)
    {
        try
        {
            ReportItem(item, outputIndex, stage, output);
        }
        catch (JsonException)
        {
            // The blocks so far stay.
        }
    }

    /// <summary>Reports the items of the response that a stream's last event repeats. Malformed data ends
    /// them.</summary>
    public static void Repeat(ReadOnlySpan<byte> response, IOutputObserver output)
    {
        try
        {
            var members = new JsonMembers(response);
            while (members.Next(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
            {
                Utf8JsonReader reader = Utf8Json.ReadValue(value);
                if (!name.SequenceEqual("output"u8) || !reader.EnterArray())
                {
                    continue;
                }

                for (int index = 0; reader.NextElement(); index++)
                {
                    ReadOnlySpan<byte> item = reader.GetRaw(value);
                    if (Utf8Json.IsObjectValue(item))
                    {
                        Report(item, index, BlockStage.Repeat, output);
                    }
                }
            }
        }
        catch (JsonException)
        {
            // The blocks so far stay.
        }
    }

    private static void ReportItem(ReadOnlySpan<byte> item, int outputIndex, BlockStage stage, IOutputObserver output)
    {
        var header = new Header(item);
        if (header.IsMessage || header.IsReasoning)
        {
            ReportParts(item, header, outputIndex, stage, output);
            return;
        }

        output.OnBlock(header.ToBlock(outputIndex, stage));
        if (Utf8Json.IsString(header.Name))
        {
            ReportField(header.Name, BlockField.Name, output);
        }

        if (Utf8Json.IsString(header.Input))
        {
            ReportField(header.Input, BlockField.Input, output);
        }
        else if (!header.Input.IsEmpty)
        {
            output.OnField(BlockField.Input, 0, header.Input, isEscaped: false);
        }

        if (Utf8Json.IsString(header.EncryptedContent))
        {
            ReportField(header.EncryptedContent, BlockField.Signature, output);
        }
    }

    private static void ReportParts(ReadOnlySpan<byte> item, in Header header, int outputIndex, BlockStage stage, IOutputObserver output)
    {
        output.OnMessage(header.Role, isNew: false);
        long first = -1;
        var members = new JsonMembers(item);
        while (members.Next(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            bool isSummary = name.SequenceEqual("summary"u8);
            if (isSummary || name.SequenceEqual("content"u8))
            {
                long key = ReportParts(value, outputIndex, isSummary, header.IsReasoning, stage, output);
                first = first < 0 ? key : first;
            }
        }

        // Hidden reasoning has only encrypted content.
        if (header.IsReasoning && header.EncryptedContent.Length > 2)
        {
            output.OnBlock(new OutputBlock(0, first < 0 ? KeyOf(outputIndex, OutputKind.ToolName, 0, false) : first, stage)
            {
                Type = first < 0 ? "redacted_thinking"u8 : default,
            });
            ReportField(header.EncryptedContent, BlockField.Signature, output);
        }
    }

    // Returns the key of the first part with a text; -1 if there is none.
    private static long ReportParts(
        ReadOnlySpan<byte> parts, int outputIndex, bool isSummary, bool isReasoning, BlockStage stage, IOutputObserver output)
    {
        long first = -1;
        Utf8JsonReader reader = Utf8Json.ReadValue(parts);
        if (!reader.EnterArray())
        {
            return first;
        }

        for (int part = 0; reader.NextElement(); part++)
        {
            if (!reader.EnterObject())
            {
                continue;
            }

            while (reader.NextProperty(out ReadOnlySpan<byte> name))
            {
                bool isRefusal = name.SequenceEqual("refusal"u8);
                if ((isRefusal || name.SequenceEqual("text"u8)) && reader.TokenType == JsonTokenType.String && !reader.ValueSpan.IsEmpty)
                {
                    // The part's type may come after its text.
                    OutputKind kind = isRefusal ? OutputKind.Refusal : isReasoning ? OutputKind.Reasoning : OutputKind.Text;
                    long key = KeyOf(outputIndex, kind, part, isSummary);
                    first = first < 0 ? key : first;
                    output.OnBlock(new OutputBlock(0, key, stage)
                    {
                        Type = kind switch { OutputKind.Text => "text"u8, OutputKind.Refusal => "refusal"u8, _ => "thinking"u8 },
                    });
                    reader.ReportField(BlockField.Text, 0, output);
                }
                else
                {
                    reader.Skip();
                }
            }
        }

        return first;
    }

    private static void ReportField(ReadOnlySpan<byte> value, BlockField field, IOutputObserver output)
    {
        Utf8JsonReader reader = Utf8Json.ReadValue(value);
        reader.ReportField(field, 0, output);
    }

    /// <summary>Represents the identifying members of an item.</summary>
    private readonly ref struct Header
    {
        private readonly ReadOnlySpan<byte> _type, _id;
        private readonly bool _hasTextInput;

        public Header(ReadOnlySpan<byte> item)
        {
            ReadOnlySpan<byte> callId = default;
            var members = new JsonMembers(item);
            while (members.Next(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
            {
                if (name.SequenceEqual("type"u8))
                {
                    _type = Inside(value);
                }
                else if (name.SequenceEqual("id"u8))
                {
                    _id = Inside(value);
                }
                else if (name.SequenceEqual("call_id"u8))
                {
                    callId = Inside(value);
                }
                else if (name.SequenceEqual("role"u8))
                {
                    Role = Inside(value);
                }
                else if (name.SequenceEqual("name"u8))
                {
                    Name = value;
                }
                else if (name.SequenceEqual("encrypted_content"u8))
                {
                    EncryptedContent = value;
                }
                else if ((name.SequenceEqual("input"u8) || name.SequenceEqual("code"u8)) && Utf8Json.IsString(value))
                {
                    _hasTextInput = true;
                    Input = value;
                }
                else if (Input.IsEmpty && IsInput(name, value))
                {
                    Input = value;
                }
            }

            _id = callId.IsEmpty ? _id : callId; // A tool result refers to the call id.
        }

        public ReadOnlySpan<byte> Role { get; }

        public ReadOnlySpan<byte> Name { get; }

        public ReadOnlySpan<byte> Input { get; }

        public ReadOnlySpan<byte> EncryptedContent { get; }

        public bool IsMessage => _type.SequenceEqual("message"u8);

        public bool IsReasoning => _type.SequenceEqual("reasoning"u8);

        public OutputBlock ToBlock(int outputIndex, BlockStage stage) => new(0, KeyOf(outputIndex, OutputKind.ToolName, 0, false), stage)
        {
            Type = _type.SequenceEqual("function_call"u8) ? "tool_use"u8 : _type,
            Id = _id,
            HasTextInput = _hasTextInput,
        };

        private static ReadOnlySpan<byte> Inside(ReadOnlySpan<byte> value) => Utf8Json.IsString(value) ? value[1..^1] : default;

        private static bool IsInput(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) =>
            name.SequenceEqual("arguments"u8) ? value[0] is (byte)'"' or (byte)'{'
            : (name.SequenceEqual("action"u8) || name.SequenceEqual("operation"u8)) ? value[0] == (byte)'{'
            : name.SequenceEqual("queries"u8) && value[0] == (byte)'[';
    }
}
