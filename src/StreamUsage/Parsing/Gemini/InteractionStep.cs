using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;
using StreamUsage.Parsing.UsageObjects;

namespace StreamUsage.Parsing.Gemini;

/// <summary>Reads a step of an interaction (start, delta or whole): text, thoughts, function and server tool calls.
/// Tool results are not output.</summary>
internal static class InteractionStep
{
    /// <summary>Reads a step's start or a whole step. A user's input begins a turn: a fetched interaction repeats the
    /// earlier ones, whose output, searches and errors are discarded.</summary>
    /// <param name="step">The step.</param>
    /// <param name="index">The step's index.</param>
    /// <param name="state">The state before the step.</param>
    /// <param name="output">The observer.</param>
    /// <param name="lastingError">The error that the next turn keeps, as it is none of a step; null if none.</param>
    public static UsageAccumulator Read(
        ReadOnlySpan<byte> step, int index, UsageAccumulator state, IOutputObserver output, ProviderError? lastingError)
    {
        var header = new Header(step);
        if (header.Type.SequenceEqual("user_input"u8))
        {
            output.OnMessage(default, isNew: true);
            return state.ReplaceError(lastingError) with { ServerToolUse = UsageRecord.EmptyCounts };
        }

        if (header.IsCall)
        {
            ReadOnlySpan<byte> type = header.IsFunction ? "tool_use"u8 : header.Type;
            output.OnBlock(new OutputBlock(0, index, BlockStage.Begin) { Type = type, Id = header.Id });
            return ReadCall(header, state, output);
        }

        if (header.Type.EndsWith("_result"u8))
        {
            output.OnBlock(new OutputBlock(0, index, BlockStage.Begin) { Type = header.Type, Id = header.Id, IsClosed = true });
            return state;
        }

        OutputKind kind = header.IsThought ? OutputKind.Reasoning : OutputKind.Text;
        ReadTexts(header.Summary, kind, index, output);
        ReadTexts(header.Content, kind, index, output);
        ReadTexts(header.Text, kind, index, output);
        Sign(header.Signature, index, output);
        if (Utf8Json.IsObjectValue(header.Error))
        {
            return ErrorObject.ReadInto(header.Error, state);
        }

        return state;
    }

    /// <summary>Reads a step's delta.</summary>
    public static UsageAccumulator ReadDelta(ReadOnlySpan<byte> delta, int index, UsageAccumulator state, IOutputObserver output)
    {
        var header = new Header(delta);
        if (header.Type.SequenceEqual("text"u8))
        {
            ReadTexts(header.Text, OutputKind.Text, index, output);
        }
        else if (header.IsThought)
        {
            ReadTexts(header.Content, OutputKind.Reasoning, index, output);
            ReadTexts(header.Text, OutputKind.Reasoning, index, output);
            Sign(header.Signature, index, output);
        }
        else if (header.IsCall || header.Type.StartsWith("arguments"u8))
        {
            output.OnBlock(new OutputBlock(0, index, BlockStage.Delta) { Id = header.Id });
            return ReadCall(header, state, output);
        }

        return state;
    }

    private static UsageAccumulator ReadCall(in Header header, UsageAccumulator state, IOutputObserver output)
    {
        if (header.Name.Length > 2)
        {
            Utf8Json.ReportOutput(header.Name, OutputKind.ToolName, 0, output);
        }

        if (Utf8Json.IsString(header.Arguments))
        {
            Utf8Json.ReportOutput(header.Arguments, OutputKind.ToolArguments, 0, output);
        }
        else if (Utf8Json.IsObjectValue(header.Arguments) && header.Arguments.Length > 2)
        {
            output.OnOutput(OutputKind.ToolArguments, 0, header.Arguments, isEscaped: false);
            return CountUses(header, state); // Not for pieces of arguments, which are strings.
        }

        return state;
    }

    // Google bills a search by its queries, several of which may be in one call. A later usage object replaces this
    // count.
    private static UsageAccumulator CountUses(in Header header, UsageAccumulator state)
    {
        string? tool = header.Type.SequenceEqual("google_search_call"u8) ? "google_search_requests"
            : header.Type.SequenceEqual("google_maps_call"u8) ? "google_maps_requests"
            : null;
        if (tool is null)
        {
            return state;
        }

        long uses = state.ServerToolUse.GetValueOrDefault(tool) + CountQueries(header.Arguments);
        return state with { ServerToolUse = CountsByName.With(state.ServerToolUse, tool, uses) };
    }

    private static int CountQueries(ReadOnlySpan<byte> arguments)
    {
        int count = 0;
        var members = new JsonMembers(arguments);
        while (members.Next(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            Utf8JsonReader reader = Utf8Json.ReadValue(value);
            if (name.SequenceEqual("queries"u8) && reader.EnterArray())
            {
                while (reader.NextElement())
                {
                    count += reader.TokenType == JsonTokenType.String && !reader.ValueSpan.IsEmpty ? 1 : 0;
                    reader.Skip();
                }
            }
        }

        return Math.Max(1, count);
    }

    private static void Sign(ReadOnlySpan<byte> signature, int index, IOutputObserver output)
    {
        if (output.KeepsMessage && signature.Length > 2)
        {
            output.OnBlock(new OutputBlock(0, index, BlockStage.Delta));
            output.OnField(BlockField.Signature, 0, signature[1..^1], isEscaped: false); // Base64.
        }
    }

    // A string, {text}, or an array of those.
    private static void ReadTexts(ReadOnlySpan<byte> value, OutputKind kind, int index, IOutputObserver output)
    {
        if (value.IsEmpty)
        {
            return;
        }

        Utf8JsonReader reader = Utf8Json.ReadValue(value);
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            ReadText(ref reader, kind, index, output);
            return;
        }

        reader.EnterArray();
        while (reader.NextElement())
        {
            ReadText(ref reader, kind, index, output);
        }
    }

    private static void ReadText(ref Utf8JsonReader reader, OutputKind kind, int index, IOutputObserver output)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            if (!reader.ValueSpan.IsEmpty)
            {
                output.OnBlock(new OutputBlock(0, index, BlockStage.Delta));
            }

            reader.ReportOutput(kind, 0, output);
        }
        else if (reader.EnterObject())
        {
            while (reader.NextProperty(out ReadOnlySpan<byte> name))
            {
                if (name.SequenceEqual("text"u8) && reader.TokenType == JsonTokenType.String)
                {
                    ReadText(ref reader, kind, index, output);
                }
                else
                {
                    reader.Skip();
                }
            }
        }
    }

    /// <summary>Represents the members of a step or a delta.</summary>
    private readonly ref struct Header
    {
        public readonly ReadOnlySpan<byte> Type, Id, Name, Arguments, Content, Summary, Text, Signature, Error;

        public Header(ReadOnlySpan<byte> step)
        {
            var members = new JsonMembers(step);
            while (members.Next(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
            {
                if (name.SequenceEqual("type"u8) && Utf8Json.IsString(value))
                {
                    Type = value[1..^1];
                }
                else if ((name.SequenceEqual("id"u8) || name.SequenceEqual("call_id"u8)) && Utf8Json.IsString(value))
                {
                    Id = value[1..^1];
                }
                else if (name.SequenceEqual("name"u8) && Utf8Json.IsString(value))
                {
                    Name = value;
                }
                else if (name.SequenceEqual("arguments"u8))
                {
                    Arguments = value;
                }
                else if (name.SequenceEqual("content"u8))
                {
                    Content = value;
                }
                else if (name.SequenceEqual("summary"u8))
                {
                    Summary = value;
                }
                else if (name.SequenceEqual("text"u8))
                {
                    Text = value;
                }
                else if (name.SequenceEqual("signature"u8) && Utf8Json.IsString(value))
                {
                    Signature = value;
                }
                else if (name.SequenceEqual("error"u8))
                {
                    Error = value;
                }
            }
        }

        public bool IsFunction => Type.SequenceEqual("function_call"u8);

        public bool IsCall => Type.EndsWith("_call"u8);

        public bool IsThought => Type.StartsWith("thought"u8);
    }
}
