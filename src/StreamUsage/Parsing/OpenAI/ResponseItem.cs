using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;
using StreamUsage.Parsing.UsageObjects;

namespace StreamUsage.Parsing.OpenAI;

/// <summary>Reads an output item of Responses: a message, reasoning, a function call or a server tool call.</summary>
internal static class ResponseItem
{
    /// <summary>Reads the items of a whole response.</summary>
    public static UsageAccumulator ReadAll(ReadOnlySpan<byte> items, UsageAccumulator state, IOutputObserver output)
    {
        Utf8JsonReader reader = Utf8Json.ReadValue(items);
        if (reader.EnterArray())
        {
            for (int index = 0; reader.NextElement(); index++)
            {
                ReadOnlySpan<byte> item = reader.GetRaw(items);
                state = Utf8Json.IsObjectValue(item) ? Read(item, default, index, state, output) : state;
            }
        }

        return state;
    }

    /// <summary>Reads an item: its tool's name if it is added, the use of a server tool if it is done. If the event
    /// type is empty, the item is part of a whole response, and its output is read too.</summary>
    public static UsageAccumulator Read(
        ReadOnlySpan<byte> item, ReadOnlySpan<byte> eventType, int outputIndex, UsageAccumulator state, IOutputObserver output)
    {
        bool isWhole = eventType.IsEmpty;
        bool isAdded = isWhole || eventType.EndsWith(".added"u8);
        ReadOnlySpan<byte> type = default, toolName = default, arguments = default, summary = default, content = default;
        bool isSearch = true;
        bool keepsMessage = output.KeepsMessage;
        if (keepsMessage && isAdded)
        {
            ResponseBlocks.Begin(item, outputIndex, output);
        }

        var members = new JsonMembers(item);
        while (members.Next(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            if (name.SequenceEqual("type"u8) && Utf8Json.IsString(value))
            {
                type = value[1..^1];
            }
            else if (name.SequenceEqual("action"u8))
            {
                isSearch = IsSearch(value);
            }
            else if (name.SequenceEqual("name"u8))
            {
                toolName = value;
            }
            else if (name.SequenceEqual("arguments"u8) || name.SequenceEqual("input"u8) || name.SequenceEqual("code"u8))
            {
                arguments = value;
            }
            else if (name.SequenceEqual("summary"u8))
            {
                summary = value;
            }
            else if (name.SequenceEqual("content"u8))
            {
                content = value;
            }
        }

        if (isWhole)
        {
            OutputKind kind = type.SequenceEqual("reasoning"u8) ? OutputKind.Reasoning : OutputKind.Text;
            ReadParts(summary, OutputKind.Reasoning, outputIndex, isSummary: true, output);
            ReadParts(content, kind, outputIndex, isSummary: false, output);
        }

        bool isCall = type.EndsWith("_call"u8);
        if (isCall && isAdded && Utf8Json.IsString(toolName))
        {
            Utf8Json.ReportOutput(toolName, OutputKind.ToolName, 0, output);
        }

        if (isCall && isWhole && Utf8Json.IsString(arguments))
        {
            Utf8Json.ReportOutput(arguments, OutputKind.ToolArguments, 0, output);
        }

        bool isDone = isWhole || eventType.EndsWith(".done"u8);
        if (keepsMessage && isDone)
        {
            // Fills in what is no output, such as ids and encrypted content.
            ResponseBlocks.Report(item, outputIndex, BlockStage.Done, output);
        }

        return isDone && ServerTool(type, isSearch) is { } tool
            ? state with { ServerToolUse = CountsByName.With(state.ServerToolUse, tool, state.ServerToolUse.GetValueOrDefault(tool) + 1) }
            : state;
    }

    private static bool IsSearch(ReadOnlySpan<byte> action)
    {
        bool isSearch = true;
        if (Utf8Json.IsObjectValue(action))
        {
            var members = new JsonMembers(action);
            while (members.Next(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
            {
                if (name.SequenceEqual("type"u8))
                {
                    isSearch = value.SequenceEqual("\"search\""u8);
                }
            }
        }

        return isSearch;
    }

    // Parts of a message (output_text, refusal) or of reasoning (reasoning_text, summary_text). The item decides their
    // kind, since a part's type may come after its text.
    private static void ReadParts(ReadOnlySpan<byte> parts, OutputKind kind, int outputIndex, bool isSummary, IOutputObserver output)
    {
        if (parts.IsEmpty)
        {
            return;
        }

        Utf8JsonReader reader = Utf8Json.ReadValue(parts);
        if (!reader.EnterArray())
        {
            return;
        }

        for (int part = 0; reader.NextElement(); part++)
        {
            if (!reader.EnterObject())
            {
                continue;
            }

            while (reader.NextProperty(out ReadOnlySpan<byte> name))
            {
                if (name.SequenceEqual("text"u8))
                {
                    output.OnBlock(new OutputBlock(0, ResponseBlocks.KeyOf(outputIndex, kind, part, isSummary), BlockStage.Delta));
                    reader.ReportOutput(kind, 0, output);
                }
                else if (name.SequenceEqual("refusal"u8))
                {
                    output.OnBlock(
                        new OutputBlock(0, ResponseBlocks.KeyOf(outputIndex, OutputKind.Refusal, part, isSummary), BlockStage.Delta));
                    reader.ReportOutput(OutputKind.Refusal, 0, output);
                }
                else
                {
                    reader.Skip();
                }
            }
        }
    }

    // Returns the server tool's name. In a web search, opening a page or finding text on it is no search.
    private static string? ServerTool(ReadOnlySpan<byte> itemType, bool isSearch)
    {
        if (itemType.SequenceEqual("web_search_call"u8))
        {
            return isSearch ? "web_search_requests" : null;
        }

        return itemType.SequenceEqual("file_search_call"u8) ? "file_search_requests"
            : itemType.SequenceEqual("code_interpreter_call"u8) ? "code_interpreter_requests"
            : itemType.SequenceEqual("image_generation_call"u8) ? "image_generation_requests"
            : itemType.SequenceEqual("mcp_call"u8) ? "mcp_requests"
            : null;
    }
}
