using System.Net.Sockets;
using Polly.Timeout;
using StreamUsage.Accounting;

namespace StreamUsage.Recording;

/// <summary>
/// Decides how a response ended. The first line that fits counts:
/// <list type="table">
/// <item><term>no response</term><description>NoResponse; Cancelled, 499 if the caller cancelled; else Failed, 504 for
/// a timeout, else 502</description></item>
/// <item><term>HTTP status 400 or above</term><description>ProviderError, Failed, that status</description></item>
/// <item><term>an error event or error object</term><description>ProviderError, Failed, its status, else
/// 502</description></item>
/// <item><term>an accepted background response</term><description>Pending, Pending, the HTTP status, else
/// 200</description></item>
/// <item><term>a complete answer</term><description>Completed, Completed, the HTTP status, else
/// 200</description></item>
/// <item><term>the reader left</term><description>ClientAborted, Cancelled, 499</description></item>
/// <item><term>the body broke, or a shutdown</term><description>Interrupted, Failed, 502</description></item>
/// <item><term>only comments, pings and end markers, or nothing</term><description>Empty, Failed,
/// 503</description></item>
/// <item><term>nothing that a parser reads</term><description>Unreadable, Failed, 502</description></item>
/// <item><term>an incomplete answer</term><description>Interrupted, Failed, 502</description></item>
/// </list>
/// </summary>
internal static class OutcomeRules
{
    private const int ClientClosedRequest = 499;
    private const int BadGateway = 502;
    private const int ServiceUnavailable = 503;
    private const int GatewayTimeout = 504;

    public static Verdict Decide(
        int? httpStatusCode, in UsageAccumulator state, bool isComplete, bool isRead, StreamEnd end, bool isEmpty) =>
        (httpStatusCode >= 400, state.Error, state.IsPending, isComplete, end, isEmpty, isRead) switch
        {
            (true, _, _, _, _, _, _) => new(StreamOutcome.ProviderError, UsageStatus.Failed, httpStatusCode.GetValueOrDefault()),
            (_, { } error, _, _, _, _, _) => new(StreamOutcome.ProviderError, UsageStatus.Failed, error.StatusCode ?? BadGateway),
            (_, _, true, _, _, _, _) => new(StreamOutcome.Pending, UsageStatus.Pending, httpStatusCode ?? 200),
            (_, _, _, true, _, _, _) => new(StreamOutcome.Completed, UsageStatus.Completed, httpStatusCode ?? 200),
            (_, _, _, _, StreamEnd.ReaderLeft, _, _) => new(StreamOutcome.ClientAborted, UsageStatus.Cancelled, ClientClosedRequest),
            (_, _, _, _, StreamEnd.Broke or StreamEnd.ShutDown, _, _) => new(StreamOutcome.Interrupted, UsageStatus.Failed, BadGateway),
            (_, _, _, _, _, true, _) => new(StreamOutcome.Empty, UsageStatus.Failed, ServiceUnavailable),
            (_, _, _, _, _, _, false) => new(StreamOutcome.Unreadable, UsageStatus.Failed, BadGateway),
            _ => new(StreamOutcome.Interrupted, UsageStatus.Failed, BadGateway),
        };

    /// <summary>Decides for a request without a response. <see cref="HttpClient"/> reports its timeout as a
    /// cancellation caused by a <see cref="TimeoutException"/>.</summary>
    public static Verdict DecideNoResponse(Exception? fault) =>
        IsTimeout(fault) ? new(StreamOutcome.NoResponse, UsageStatus.Failed, GatewayTimeout)
        : fault is OperationCanceledException ? new(StreamOutcome.NoResponse, UsageStatus.Cancelled, ClientClosedRequest)
        : new(StreamOutcome.NoResponse, UsageStatus.Failed, BadGateway);

    private static bool IsTimeout(Exception? fault)
    {
        for (; fault is not null; fault = fault.InnerException)
        {
            if (fault is TimeoutException or TimeoutRejectedException or SocketException { SocketErrorCode: SocketError.TimedOut })
            {
                return true;
            }
        }

        return false;
    }

    internal readonly record struct Verdict(StreamOutcome Outcome, UsageStatus Status, int StatusCode);
}
