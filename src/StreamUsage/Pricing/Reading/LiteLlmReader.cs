using System.Text.Json;
using StreamUsage.Pricing.Tables;

namespace StreamUsage.Pricing.Reading;

/// <summary>Reads LiteLLM's <c>model_prices_and_context_window.json</c>: an object of models with their costs per
/// unit.</summary>
internal sealed class LiteLlmReader
{
    private readonly Dictionary<string, PricedProvider> _providers = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _unread = new(StringComparer.Ordinal);

    public ReadTable Read(JsonElement root)
    {
        foreach (JsonProperty model in root.EnumerateObject())
        {
            // This entry is a sample that documents the fields.
            if (model.Name == "sample_spec")
            {
                continue;
            }

            if (model.Value.ValueKind != JsonValueKind.Object)
            {
                throw TableReader.Malformed(model.Name, "a model must be an object");
            }

            AddModel(model.Name, model.Value);
        }

        return new ReadTable([.. _providers.Values], [.. _unread]);
    }

    private void AddModel(string name, JsonElement json)
    {
        string provider = json.TryGetProperty("litellm_provider", out JsonElement named) && named.ValueKind == JsonValueKind.String
            ? named.GetString()!.ToLowerInvariant() : "";
        string canonical = ProviderNames.Canonical(provider);
        string[] segments = name.Split('/', 2);
        bool isPrefixed = segments.Length == 2 && provider.Length != 0
            && (segments[0].Equals(provider, StringComparison.OrdinalIgnoreCase) || ProviderNames.Canonical(segments[0]) == canonical);
        string pricedAs = provider.Length == 0 || isPrefixed ? name : $"{provider}/{name}";

        var costs = new LiteLlmCosts(name, _unread);
        costs.Read(json);
        var entry = new PriceEntry(pricedAs, costs.ToPrices(json), MaxOutputTokens(json));
        foreach (string group in (HashSet<string>)[provider, canonical])
        {
            if (!_providers.TryGetValue(group, out PricedProvider? models))
            {
                _providers[group] = models = new PricedProvider(group);
            }

            models.Add(name, entry);
            if (isPrefixed)
            {
                models.Add(segments[1], entry);
            }
        }
    }

    // The limit may be a sentence instead of a number, or have only its older name, max_tokens.
    private static long? MaxOutputTokens(JsonElement json)
    {
        foreach (string name in (ReadOnlySpan<string>)["max_output_tokens", "max_tokens"])
        {
            if (json.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number
                && value.TryGetInt64(out long limit) && limit > 0)
            {
                return limit;
            }
        }

        return null;
    }
}
