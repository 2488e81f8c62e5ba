using Microsoft.Extensions.Configuration;

namespace StreamUsage.DependencyInjection;

/// <summary>Sets a tracker's options from configuration.</summary>
internal static class OptionsBinding
{
    // The binder would silently ignore these.
    private static readonly string[] SetByCodeOnly =
        [nameof(StreamUsageOptions.Estimator), nameof(StreamUsageOptions.Pricing), nameof(StreamUsageOptions.MeterFactory),
            nameof(StreamUsageOptions.OnDeliveryFailed), nameof(StreamUsageOptions.ShouldTrack)];

    /// <summary>Sets the options from a section.</summary>
    /// <exception cref="InvalidOperationException">A key is unknown or cannot be configured, or its value is
    /// invalid.</exception>
    public static void Bind(IConfiguration section, StreamUsageOptions options)
    {
        foreach (string name in SetByCodeOnly)
        {
            if (section.GetSection(name) is var value && value.Exists())
            {
                throw new InvalidOperationException(
                    $"{nameof(StreamUsageOptions)}.{name} cannot be set from configuration ('{value.Path}'): set it in code.");
            }
        }

        // A misspelt key must not silently leave a limit at its default.
        section.Bind(options, static binder => binder.ErrorOnUnknownConfiguration = true);
    }
}
