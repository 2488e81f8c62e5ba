using Microsoft.Extensions.Configuration;

namespace StreamUsage.DependencyInjection;

/// <summary>Sets a tracker's options from a section of configuration.</summary>
internal static class OptionsBinding
{
    // Options that hold code. The binder would skip a value for one of them without a word.
    private static readonly string[] SetByCodeOnly =
        [nameof(StreamUsageOptions.Estimator), nameof(StreamUsageOptions.Pricing), nameof(StreamUsageOptions.MeterFactory),
            nameof(StreamUsageOptions.OnDeliveryFailed)];

    /// <exception cref="InvalidOperationException">A key is no option that configuration can set, or its value cannot
    /// be converted; the message names it.</exception>
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

        // A key that is misspelt leaves a limit as it was: better no start than a limit that is not there.
        section.Bind(options, static binder => binder.ErrorOnUnknownConfiguration = true);
    }
}
