namespace StreamUsage.Estimation.Families;

/// <summary>Finds the family of a model: first among custom ones, then built-in ones. Else takes the format's
/// default.</summary>
internal sealed class FamilyTable(IReadOnlyList<ModelFamily> own)
{
    private const int MaxNameLength = 256;

    public static FamilyTable BuiltIn { get; } = new([]);

    /// <summary>Returns the family. An unknown name belongs to the newest family of its format's provider.</summary>
    public ModelFamily Find(string? model, ApiFormat format, string? protocol)
    {
        ReadOnlySpan<char> name = model.AsSpan();
        name = name[..Math.Min(name.Length, MaxNameLength)];
        return Find(own, name, protocol) ?? Find(ModelFamilies.All, name, protocol)
            ?? Find(ModelFamilies.All, DefaultModel(format, protocol), protocol)!;
    }

    private static ModelFamily? Find(IReadOnlyList<ModelFamily> families, ReadOnlySpan<char> name, string? protocol)
    {
        ModelFamily? best = null;
        (int Start, int Length, bool NamesProtocol) bestMatch = default;
        foreach (ModelFamily family in families)
        {
            if (family.Protocol is not null && family.Protocol != protocol)
            {
                continue;
            }

            foreach (string pattern in family.Models)
            {
                if (!ModelName.TryFind(name, pattern, out int start, out int length))
                {
                    continue;
                }

                bool isBetter = best is null
                    || start < bestMatch.Start
                    || (start == bestMatch.Start
                        && (length > bestMatch.Length
                            || (length == bestMatch.Length && family.Protocol is not null && !bestMatch.NamesProtocol)));
                if (isBetter)
                {
                    best = family;
                    bestMatch = (start, length, family.Protocol is not null);
                }
            }
        }

        return best;
    }

    private static string DefaultModel(ApiFormat format, string? protocol) => protocol switch
    {
        "anthropic-messages" => "claude-",
        "gemini" or "gemini-interactions" => "gemini",
        "cohere-chat" => "command",
        "mistral-conversations" => "mistral",
        "bedrock-invoke" => "titan",
        _ => DefaultModel(format),
    };

    private static string DefaultModel(ApiFormat format) =>
        format == ApiFormat.Claude || format == ApiFormat.ClaudeCli ? "claude-"
        : format == ApiFormat.Gemini || format == ApiFormat.GeminiCli ? "gemini"
        : format == ApiFormat.Cohere ? "command"
        : format == ApiFormat.Mistral ? "mistral"
        : "gpt-";
}
