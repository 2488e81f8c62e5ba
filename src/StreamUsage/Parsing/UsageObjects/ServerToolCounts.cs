using System.Text;
using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing.UsageObjects;

/// <summary>Reads the uses of server tools that a usage object counts under the tools' names. The record's name is
/// <c>web_search_requests</c>, and so on.</summary>
internal static class ServerToolCounts
{
    /// <summary>Reads the object of counts that the reader is at: xAI's <c>{web_search_calls, …}</c>, or Mistral's
    /// <c>{web_search, …}</c>.</summary>
    /// <param name="reader">The reader.</param>
    /// <param name="suffix">What follows the tool in a name. A name without it is skipped.</param>
    /// <param name="state">The state before the object.</param>
    /// <param name="output">The observer.</param>
    public static UsageAccumulator ReadObject(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> suffix, UsageAccumulator state, IOutputObserver output)
    {
        if (!reader.EnterObject())
        {
            return state;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.EndsWith(suffix) && reader.GetCount(name, output) is { } count)
            {
                string tool = Encoding.UTF8.GetString(name[..^suffix.Length]) + "_requests";
                state = state with { ServerToolUse = CountsByName.With(state.ServerToolUse, tool, count) };
            }
            else
            {
                reader.Skip();
            }
        }

        return state;
    }

    /// <summary>Reads the list that the reader is at: Gemini's <c>[{type, count}]</c>.</summary>
    public static UsageAccumulator ReadList(ref Utf8JsonReader reader, UsageAccumulator state, IOutputObserver output)
    {
        if (!reader.EnterArray())
        {
            return state;
        }

        while (reader.NextElement())
        {
            if (!reader.EnterObject())
            {
                continue;
            }

            string? tool = null;
            long? count = null;
            while (reader.NextProperty(out ReadOnlySpan<byte> name))
            {
                if (name.SequenceEqual("type"u8))
                {
                    tool = reader.GetName();
                }
                else if (name.SequenceEqual("count"u8))
                {
                    count = reader.GetCount(name, output);
                }
                else
                {
                    reader.Skip();
                }
            }

            state = tool is not null && count is { } uses
                ? state with { ServerToolUse = CountsByName.With(state.ServerToolUse, tool + "_requests", uses) } : state;
        }

        return state;
    }
}
