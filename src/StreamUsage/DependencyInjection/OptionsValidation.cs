using Microsoft.Extensions.Options;

namespace StreamUsage.DependencyInjection;

/// <summary>Validates a tracker's options, and that it has a sink, when the host starts.</summary>
internal sealed class OptionsValidation(IEnumerable<TrackerName> trackers, IEnumerable<SinkRegistration> sinks)
    : IValidateOptions<StreamUsageOptions>
{
    public ValidateOptionsResult Validate(string? name, StreamUsageOptions options)
    {
        if (options.Validate() is { } fault)
        {
            return ValidateOptionsResult.Fail(fault);
        }

        bool needsSink = trackers.Any(tracker => tracker.Name == name) && !sinks.Any(sink => sink.TrackerName == name);
        return needsSink ? ValidateOptionsResult.Fail("AddStreamUsage needs a sink: add one with AddSink.") : ValidateOptionsResult.Success;
    }
}
