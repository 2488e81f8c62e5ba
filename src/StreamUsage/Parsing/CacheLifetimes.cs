using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing;

/// <summary>Cache writes by how long they are kept: Anthropic's <c>cache_creation</c> object, which others have taken over.</summary>
internal static class CacheLifetimes
{
    public static void Read(ref Utf8JsonReader reader, ref ReportedTokens tokens, IOutputObserver output)
    {
        if (!reader.EnterObject())
        {
            return;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("ephemeral_5m_input_tokens"u8))
            {
                tokens = tokens with { CacheCreation5mTokens = reader.GetCount(name, output) ?? tokens.CacheCreation5mTokens };
            }
            else if (name.SequenceEqual("ephemeral_1h_input_tokens"u8))
            {
                tokens = tokens with { CacheCreation1hTokens = reader.GetCount(name, output) ?? tokens.CacheCreation1hTokens };
            }
            else
            {
                reader.Skip();
            }
        }
    }
}
