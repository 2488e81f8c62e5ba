using System.Diagnostics;
using System.Runtime.InteropServices;

namespace StreamUsage.Tests.Support;

/// <summary>The processor time of the current thread, so that what else the machine does is not measured; where the
/// system does not tell, the time that passes.</summary>
internal static class ThreadTime
{
    private const int ThreadCpuClock = 3; // CLOCK_THREAD_CPUTIME_ID of Linux.

    public static TimeSpan Now
    {
        get
        {
            if (OperatingSystem.IsLinux() && Environment.Is64BitProcess)
            {
                long[] time = new long[2];
                return clock_gettime(ThreadCpuClock, time) == 0
                    ? TimeSpan.FromSeconds(time[0]) + TimeSpan.FromMicroseconds(time[1] / 1000.0) : default;
            }

            return Stopwatch.GetElapsedTime(0);
        }
    }

    [DllImport("libc")]
    private static extern int clock_gettime(int clock, [Out] long[] time);
}
