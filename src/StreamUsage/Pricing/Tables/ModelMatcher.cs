using System.Collections.Concurrent;

namespace StreamUsage.Pricing.Tables;

/// <summary>Finds the entry of a model. Repeated names take one look-up.</summary>
internal sealed class ModelMatcher
{
    // Responses may contain any number of invented names. Names beyond the limit are searched for at each call.
    private const int MaxRemembered = 4096;

    private readonly IReadOnlyList<PricedProvider> _providers;
    private readonly ModelMatcher? _overrides;
    private readonly ConcurrentDictionary<Key, PriceEntry[]> _found = new();
    private int _remembered;

    public ModelMatcher(IReadOnlyList<PricedProvider> providers, ModelMatcher? overrides)
    {
        _providers = providers;
        _overrides = overrides;
    }

    /// <summary>Returns the entries that match a model equally well; empty if there are none.</summary>
    /// <param name="provider">The provider that the caller named; null for none.</param>
    /// <param name="protocol">The protocol that was read; null if unknown.</param>
    /// <param name="format">The format, used if the protocol is unknown.</param>
    /// <param name="model">The model's name.</param>
    public ReadOnlySpan<PriceEntry> Find(string? provider, string? protocol, ApiFormat format, string model)
    {
        var key = new Key(provider, protocol, format, model);
        if (_found.TryGetValue(key, out PriceEntry[]? entries))
        {
            return entries;
        }

        entries = Search(provider, protocol, format, model);
        if (Volatile.Read(ref _remembered) < MaxRemembered && Interlocked.Increment(ref _remembered) <= MaxRemembered)
        {
            _found.TryAdd(key, entries);
        }

        return entries;
    }

    private PriceEntry[] Search(string? provider, string? protocol, ApiFormat format, string model)
    {
        // The caller's provider takes precedence if a table knows it.
        string? protocolProvider = ProviderNames.OfProtocol(protocol, format);
        return SearchLayers(provider is not null && Knows(provider) ? provider : protocolProvider, model);
    }

    private bool Knows(string provider) => FindProvider(provider) is not null || (_overrides?.Knows(provider) ?? false);

    private PriceEntry[] SearchLayers(string? provider, string model) =>
        _overrides?.SearchLayers(provider, model) is { Length: > 0 } found ? found : SearchAt(provider, model);

    private PriceEntry[] SearchAt(string? providerName, string model)
    {
        // Entries without a provider match every provider.
        IEnumerable<PricedProvider> providers = providerName is null
            ? _providers : new[] { FindProvider(providerName), FindProvider("") }.OfType<PricedProvider>().Distinct();
        foreach (IReadOnlyList<string> names in ModelNames.Variants(model))
        {
            PriceEntry[] entries = [.. providers.SelectMany(provider => names.SelectMany(name => SearchAt(provider, name))).Distinct()];
            if (entries.Length != 0)
            {
                return entries;
            }
        }

        return [];
    }

    // A provider may also serve the models of other providers.
    private IReadOnlyList<PriceEntry> SearchAt(PricedProvider provider, string name)
    {
        IReadOnlyList<PriceEntry> found = provider.Find(name);
        for (int i = 0; found.Count == 0 && i < provider.FallBacks.Count; i++)
        {
            found = FindProvider(provider.FallBacks[i])?.Find(name) ?? [];
        }

        return found;
    }

    private PricedProvider? FindProvider(string name)
    {
        string lower = name.Trim().ToLowerInvariant(), canonical = ProviderNames.Canonical(name);
        return _providers.FirstOrDefault(provider => provider.Name == lower)
            ?? _providers.FirstOrDefault(provider => provider.Name == canonical)
            ?? _providers.FirstOrDefault(provider => provider.Match?.IsMatch(lower) ?? false);
    }

    private readonly record struct Key(string? Provider, string? Protocol, ApiFormat Format, string Model);
}
