using System.Text;
using System.Text.Json;
using StreamUsage.Parsing.Json;
using StreamUsage.Parsing.UsageObjects;

namespace StreamUsage.Parsing.OpenAI;

/// <summary>Reads <c>tool_usage</c> of Responses: <c>{web_search: {num_requests}, image_gen: {input_tokens,
/// output_tokens, …}}</c>. The tokens are those of another model, and no part of the usage. They are 0 if that model
/// was not called.</summary>
internal static class ResponseToolUsage
{
    /// <summary>Reads the object that the reader is at. Returns uses and tokens under the names of
    /// <see cref="UsageRecord.ServerToolUse"/>.</summary>
    public static IReadOnlyDictionary<string, long> Read(ref Utf8JsonReader reader, IOutputObserver output)
    {
        IReadOnlyDictionary<string, long> toolUse = UsageRecord.EmptyCounts;
        if (!reader.EnterObject())
        {
            return toolUse;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> tool))
        {
            if (!reader.EnterObject())
            {
                continue;
            }

            while (reader.NextProperty(out ReadOnlySpan<byte> name))
            {
                bool isRequests = name.SequenceEqual("num_requests"u8);
                bool isTokens = name.SequenceEqual("input_tokens"u8) || name.SequenceEqual("output_tokens"u8);
                if ((isRequests || isTokens) && reader.GetCount(name, output) is { } count)
                {
                    string use = isRequests ? "requests" : Encoding.UTF8.GetString(name);
                    toolUse = count == 0 && isTokens
                        ? toolUse : CountsByName.With(toolUse, $"{Encoding.UTF8.GetString(tool)}_{use}", count);
                }
                else
                {
                    reader.Skip();
                }
            }
        }

        return toolUse;
    }
}
